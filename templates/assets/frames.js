// The packed frames of a run, unpacked: see reports/parts/scrubber.py.
"use strict";

orbifolio.frames = (packed) => {
  const frames = [];
  for (const phase of packed.phases) {
    phase.steps.forEach((step, at) => {
      const name = String(step).padStart(5, "0");
      const file = phase.files ? phase.files[at] : `${phase.folder}/frames/${name}.webp`;
      frames.push({
        phase: phase.number,
        index: frames.length + 1,
        step,
        position: Math.max(1, phase.before + step),
        title: phase.title,
        loss: phase.loss[at],
        width: phase.width,
        height: phase.height,
        file: packed.root + file,
        copies: phase.copies.map((width) => [width, `${packed.root}thumbs/${file.replace(/\.[^./]*$/, "")}-${width}.webp`]),
        page: `${packed.root}${phase.folder}/steps/${name}/index.html`,
      });
    });
  }
  return frames;
};

// A frame in words, to be shown and to be read aloud.
orbifolio.frameWords = (frame) => {
  const step = frame.step ? `step ${frame.step}` : "beginning";
  const loss = frame.loss ? `loss ${frame.loss}` : "";
  return {
    shown: [`${frame.title}, ${step}`, loss].filter(Boolean).join(" · "),
    spoken: [`Phase ${frame.phase}`, step, loss].filter(Boolean).join(", "),
  };
};

// The address of a frame at least so many pixels wide, if there is one.
orbifolio.frameAddress = (frame, pixels) => {
  const copy = frame.copies.find(([width]) => width >= pixels);
  return copy ? copy[1] : frame.file;
};
