// Uploads: pictures that are chosen, dropped or pasted. The server stores each and returns its id.
"use strict";

server.send = async (files) => {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name || "pasted.png");
  return server.ask("/api/images", { form });
};

// Accept pictures that are dropped on an element; `take` gets a list of files.
server.dropped = (place, take) => {
  let inside = 0;
  const has = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  place.addEventListener("dragenter", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    inside += 1;
    place.classList.add("over-me");
  });
  place.addEventListener("dragleave", () => {
    inside = Math.max(0, inside - 1);
    if (!inside) place.classList.remove("over-me");
  });
  place.addEventListener("dragover", (event) => has(event) && event.preventDefault());
  place.addEventListener("drop", (event) => {
    if (!has(event)) return;
    event.preventDefault();
    inside = 0;
    place.classList.remove("over-me");
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files]);
  });
};

server.pasted = (take) => {
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (files.length) take(files);
  });
};
