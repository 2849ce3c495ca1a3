// The recipe that a PNG carries: the text chunk (iTXt) `Recipe` (see `runner/images/png_text.py`) of a picture that was made here or elsewhere.
"use strict";

server.recipeIn = async (file) => {
  const KEYWORD = "Recipe";
  const LARGEST = 1000000; // characters, as the server takes them
  const bytes = new Uint8Array(await file.slice(0, 64 * 1024 * 1024).arrayBuffer());
  const signature = [137, 80, 78, 71, 13, 10, 26, 10];
  if (!signature.every((byte, at) => bytes[at] === byte)) return null;
  const view = new DataView(bytes.buffer);
  const latin = (from, to) => String.fromCharCode(...bytes.subarray(from, to));
  for (let at = 8; at + 12 <= bytes.length; ) {
    const [length, kind] = [view.getUint32(at), latin(at + 4, at + 8)];
    const [start, end] = [at + 8, at + 8 + length];
    if (end > bytes.length) return null;
    if (kind === "iTXt" && latin(start, Math.min(start + KEYWORD.length, end)) === KEYWORD && bytes[start + KEYWORD.length] === 0) {
      const packed = bytes[start + KEYWORD.length + 1] === 1;
      const language = bytes.indexOf(0, start + KEYWORD.length + 3);
      const translated = language < 0 ? -1 : bytes.indexOf(0, language + 1);
      if (translated < 0 || translated >= end) return null;
      const data = bytes.subarray(translated + 1, end);
      const stream = packed ? new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate")) : new Blob([data]).stream();
      let text = "";
      const decoder = new TextDecoder();
      for (const reader = stream.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) return text + decoder.decode();
        text += decoder.decode(value, { stream: true });
        if (text.length > LARGEST) return null; // nothing that fits in so little space
      }
    }
    at = end + 4;
  }
  return null;
};
