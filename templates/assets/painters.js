// Painters of surfaces in space: (canvas, scene, image) => (view) => void, or null where there is no context.
// One uses WebGL and draws any model; the other draws a globe by arithmetic. A view is {longitude, latitude, zoom}.
"use strict";

(() => {
  const DISTANCE = 4; // of the eye, in radii
  const FIT = 0.96 * Math.sqrt(DISTANCE * DISTANCE - 1); // the limb just fits the stage
  const BY_HAND = 260; // pixels of the drawing without WebGL

  const VERTEX = `attribute vec3 position, normal; attribute vec2 place;
    uniform mat3 turn; uniform vec2 scale; varying vec2 at; varying vec3 facing, eye;
    void main() {
      vec3 p = turn * position; float depth = ${DISTANCE}.0 - p.z;
      at = place; facing = turn * normal; eye = vec3(0.0, 0.0, ${DISTANCE}.0) - p;
      gl_Position = vec4(p.xy * scale, (depth - ${DISTANCE}.0) * depth * 0.9, depth);
    }`;
  const FRAGMENT = `precision mediump float; uniform sampler2D texture; varying vec2 at; varying vec3 facing, eye;
    void main() {
      float shade = 0.5 + 0.5 * sqrt(abs(dot(normalize(facing), normalize(eye))));
      gl_FragColor = vec4(texture2D(texture, at).rgb * shade, 1.0);
    }`;

  // The unit sphere under a map; columns at the map's seam and at the poles appear twice. Longitude 0 is in front.
  function sphere(columns, rows) {
    const positions = [], places = [], faces = [];
    for (let row = 0; row <= rows; row++) {
      for (let column = 0; column <= columns; column++) {
        const u = column / columns, v = row / rows, longitude = (2 * u - 1) * Math.PI, latitude = (0.5 - v) * Math.PI;
        positions.push(Math.cos(latitude) * Math.sin(longitude), Math.sin(latitude), Math.cos(latitude) * Math.cos(longitude));
        places.push(row % rows ? u : u + 0.5 / columns, v);
        const a = row * (columns + 1) + column, below = a + columns + 1;
        if (row < rows && column < columns) faces.push(a, below, below + 1, a, below + 1, a + 1);
      }
    }
    const points = new Float32Array(positions);
    return { positions: points, normals: points, places: new Float32Array(places), faces: new Uint32Array(faces) };
  }

  function numbers(text, Kind) {
    return new Kind(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
  }

  function shape(scene) {
    if (scene.shape === "sphere") return sphere(96, 48);
    const arrays = ["positions", "normals", "places"].map((name) => [name, numbers(scene[name], Float32Array)]);
    return { ...Object.fromEntries(arrays), faces: numbers(scene.faces, Uint32Array) };
  }

  // How a point of the surface is turned towards the eye: by the longitude about the axis, then by the latitude.
  function turned({ longitude, latitude }) {
    const [s, c, t, d] = [Math.sin(longitude), Math.cos(longitude), Math.sin(latitude), Math.cos(latitude)];
    return [c, 0, -s, -t * s, d, -t * c, d * s, t, d * c]; // rows
  }

  function program(gl) {
    const whole = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const part = gl.createShader(kind);
      gl.shaderSource(part, text);
      gl.compileShader(part);
      gl.attachShader(whole, part);
    }
    gl.linkProgram(whole);
    return gl.getProgramParameter(whole, gl.LINK_STATUS) ? whole : null;
  }

  // By the hardware.
  function byHardware(canvas, scene, image) {
    const gl = canvas.getContext("webgl", { antialias: true, alpha: true });
    const made = gl && gl.getExtension("OES_element_index_uint") && program(gl);
    if (!made) return null;
    const mesh = shape(scene);
    gl.useProgram(made);
    for (const [name, size, data] of [["position", 3, mesh.positions], ["normal", 3, mesh.normals], ["place", 2, mesh.places]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
      const at = gl.getAttribLocation(made, name);
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, size, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, mesh.faces, gl.STATIC_DRAW);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, image);
    gl.generateMipmap(gl.TEXTURE_2D); // its sides are powers of two
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, scene.shape === "sphere" ? gl.CLAMP_TO_EDGE : gl.REPEAT);
    const sharper = gl.getExtension("EXT_texture_filter_anisotropic");
    if (sharper) gl.texParameterf(gl.TEXTURE_2D, sharper.TEXTURE_MAX_ANISOTROPY_EXT, 8);
    gl.enable(gl.DEPTH_TEST);
    const [turn, scale] = ["turn", "scale"].map((name) => gl.getUniformLocation(made, name));
    return (view) => {
      const side = Math.max(1, Math.round(canvas.clientWidth * Math.min(2, window.devicePixelRatio || 1)));
      if (canvas.width !== side) canvas.width = canvas.height = side;
      gl.viewport(0, 0, side, side);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      const [a, b, c, d, e, f, g, h, i] = turned(view);
      gl.uniformMatrix3fv(turn, false, [a, d, g, b, e, h, c, f, i]); // columns
      gl.uniform2f(scale, FIT * view.zoom, FIT * view.zoom);
      gl.drawElements(gl.TRIANGLES, mesh.faces.length, gl.UNSIGNED_INT, 0);
    };
  }

  // Every pixel of a globe by arithmetic: coarser, but it turns.
  function byHand(canvas, scene, image) {
    if (scene.shape !== "sphere") return null;
    const map = document.createElement("canvas");
    [map.width, map.height] = [512, 256];
    const drawn = map.getContext("2d", { willReadFrequently: true }), context = canvas.getContext("2d");
    if (!drawn || !context) return null;
    drawn.drawImage(image, 0, 0, 512, 256);
    const texels = new Uint32Array(drawn.getImageData(0, 0, 512, 256).data.buffer);
    const side = (canvas.width = canvas.height = BY_HAND), frame = context.createImageData(side, side);
    const pixels = new Uint32Array(frame.data.buffer);
    return (view) => {
      const [a, b, c, d, e, f, g, h, i] = turned(view), reach = 1 / (0.96 * view.zoom);
      pixels.fill(0);
      for (let row = 0; row < side; row++) {
        const y = (1 - (2 * row + 1) / side) * reach;
        for (let column = 0; column < side; column++) {
          const x = ((2 * column + 1) / side - 1) * reach, rest = 1 - x * x - y * y;
          if (rest < 0) continue;
          const z = Math.sqrt(rest), right = a * x + d * y + g * z, up = b * x + e * y + h * z, near = c * x + f * y + i * z;
          const across = ((Math.atan2(right, near) / Math.PI + 1) * 256) & 511;
          const down = Math.min(255, (Math.acos(Math.max(-1, Math.min(1, up))) / Math.PI) * 256) | 0;
          pixels[row * side + column] = texels[down * 512 + across];
        }
      }
      context.putImageData(frame, 0, 0);
    };
  }

  window.orbifolio.painters = { byHardware, byHand };
})();
