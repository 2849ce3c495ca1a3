// The painting page: a photo, a look, a picture, and none of the other settings.
"use strict";

(() => {
  const { ask, send, dropped, pasted, tell, watch } = server;
  const page = document.querySelector("[data-paint]");
  const form = page.querySelector("[data-ask]");
  const part = (name) => page.querySelector(`[data-${name}]`);
  const images = {}; // name -> id of what was sent
  let sending = 0;
  let watching = null;

  const look = () => form.elements.look.value;
  const choices = () => form.querySelector(`[data-look="${look()}"]`);
  const chosen = () => [...choices().querySelectorAll("input:checked, input[type=range]")];

  // How long a picture will take; only once there is a photo, since that depends on it.
  let turn = 0;
  let estimating = null;
  function estimate(possible) {
    const mine = ++turn;
    clearTimeout(estimating);
    if (!possible || form.hidden) part("estimate").textContent = "";
    else estimating = setTimeout(() => server.estimate(part("estimate"), wanted(), () => mine === turn), 250);
  }

  function wanted() {
    const options = {};
    const asks = ["photo"];
    for (const input of chosen()) {
      options[input.name.slice(look().length + 1)] = input.value;
      if (input.dataset.asks) asks.push(input.dataset.asks);
    }
    return { json: { look: look(), options, images: Object.fromEntries(asks.map((name) => [name, images[name]])) } };
  }

  function ready() {
    const asks = chosen().map((input) => input.dataset.asks).filter(Boolean);
    part("own-file").hidden = asks.length === 0;
    const missing = sending ? "Uploading the photo" : !images.photo ? "Choose a photo first" : asks.some((name) => !images[name]) ? "Choose the picture whose style it takes" : "";
    part("go").disabled = Boolean(missing);
    part("why").textContent = missing;
    estimate(!missing);
  }

  function choose() {
    for (const each of form.querySelectorAll("[data-look]")) each.hidden = each.dataset.look !== look();
    ready();
  }

  async function take(files, name, shown, fault) {
    const [file] = files;
    tell(fault, "");
    sending += 1;
    ready();
    try {
      const { images: taken } = await send([file]);
      images[name] = taken[0].id;
      shown(taken[0]);
    } catch (error) {
      tell(fault, error.message);
    } finally {
      sending -= 1;
      ready();
    }
  }

  function showPhoto(image) {
    const picture = part("photo");
    picture.src = image.url;
    picture.hidden = false;
    part("drop").classList.add("filled");
    part("choose-words").textContent = "Choose another";
    part("drop-lead").textContent = `${image.width} × ${image.height} pixels`;
  }

  function showStyle(image) {
    part("own-words").textContent = "Choose another picture";
    const place = choices().querySelector("[data-own]");
    if (place) place.replaceChildren(server.make("img", { src: image.small, alt: "", width: "80", height: "80" }));
  }

  const takePhoto = (files) => take(files, "photo", showPhoto, part("photo-fault"));

  // A photograph for visitors who have none at hand; it takes the same way as theirs.
  async function trySample() {
    tell(part("photo-fault"), "");
    try {
      const answer = await fetch("/sample.png");
      if (!answer.ok) throw new Error("the sample cannot be had; choose a photo of yours");
      takePhoto([new File([await answer.blob()], "coffee.png", { type: "image/png" })]);
    } catch (error) {
      tell(part("photo-fault"), error.message);
    }
  }

  // What the picture will be like, small, in place of the photo: it is there before the run has painted a stroke.
  async function sketch(asked, photo) {
    try {
      const made = await ask("/api/preview", asked);
      if (!made || !photo.isConnected) return;
      photo.replaceWith(server.make("img", { src: URL.createObjectURL(made.picture), alt: made.shows, class: "sketch" }));
    } catch {
      // the run tells what is wrong
    }
  }

  function make(id, push) {
    form.hidden = true;
    part("making").hidden = false;
    if (push) history.pushState({ id }, "", `/paint/${id}`);
    part("easel").replaceChildren(server.make("p", { class: "waiting", "data-waiting": "" }, "The first strokes appear in a moment."));
    if (push && images.photo) {
      const photo = server.make("img", { src: `/api/images/${images.photo}`, alt: "Your photo", class: "waits" });
      photo.onload = () => part("easel").style.setProperty("--ratio", String(photo.naturalWidth / photo.naturalHeight));
      part("easel").replaceChildren(photo);
      sketch(wanted(), photo);
    }
    watching?.stop();
    watching = watch(part("making"), id, {
      changed: (run) => {
        const over = ["done", "failed", "cancelled"].includes(run.state);
        part("new").hidden = !over;
        part("again").hidden = !over || !images.photo;
        part("progress").hidden = run.state === "done";
        part("report").hidden = !over || !run.report;
      },
    });
    window.scrollTo({ top: 0 });
  }

  async function go(event) {
    event.preventDefault();
    tell(part("fault"), "");
    part("go").disabled = true;
    try {
      const run = await ask("/api/runs", wanted());
      make(run.id, true);
    } catch (error) {
      tell(part("fault"), error.message);
    }
    ready();
  }

  function again() {
    watching?.stop();
    history.pushState({}, "", "/paint");
    part("making").hidden = true;
    form.hidden = false;
    ready();
  }

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-file]") && event.target.files.length) takePhoto([...event.target.files]);
    else if (event.target.matches("[data-style]") && event.target.files.length) take([...event.target.files], "style", showStyle, part("fault"));
    else choose();
  });
  form.addEventListener("submit", go);
  part("again").addEventListener("click", again);
  part("sample").addEventListener("click", trySample);
  window.addEventListener("popstate", () => window.location.reload());
  dropped(document.body, (files) => !form.hidden && takePhoto(files));
  pasted((files) => !form.hidden && takePhoto(files));
  // A photo that was chosen before this script ran, or that the browser kept over a reload.
  if (part("file").files.length) takePhoto([...part("file").files]);
  choose();
  if (page.dataset.run) make(page.dataset.run, false);
})();
