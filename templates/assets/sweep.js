// The runs of a sweep: sorted by any measure, and kept up to date in place while they are running.
// The address holds the order: #sort=loss&way=most.
"use strict";

(() => {
  const section = document.querySelector("[data-members]");
  if (!section) return;
  const { make, choices } = orbifolio;
  const members = [...section.querySelectorAll("[data-member]")].map((element, at) => ({ element, at, home: element.parentNode, number: element.dataset.member }));

  // Updates a running run; when one begins or ends, the page is loaded again instead.
  function tell(number, { share, line, src, srcset }) {
    const element = members.find((member) => member.number === number)?.element;
    if (!element) return;
    const bar = element.querySelector("progress");
    if (bar && share) bar.value = Number(share);
    const words = element.querySelector("[data-member-line]");
    if (words) words.textContent = line;
    const image = element.querySelector("img");
    if (!image || !src || image.getAttribute("src") === src) return;
    const next = new Image(); // shown only once it is there, so that nothing flickers
    next.onload = () => {
      if (srcset) image.srcset = srcset;
      else image.removeAttribute("srcset");
      image.src = src;
    };
    next.src = src;
  }

  document.addEventListener("orbifolio:live", ({ detail }) => {
    for (const [number, news] of Object.entries(detail.members || {})) tell(number, news);
  });

  const form = section.querySelector("[data-ordering]");
  if (!form) return;
  const { measures } = JSON.parse(section.querySelector("[data-members-data]").textContent);
  const layout = section.querySelector("[data-layout]");
  const status = form.querySelector("[data-order-status]");
  const way = form.querySelector("[data-way]");
  const menu = form.elements.sort;
  const wall = make("ul", { class: "wall", hidden: "" });
  layout.after(wall);
  for (const member of members) {
    member.facts = member.element.querySelector("[data-facts]");
    member.rest = [...member.facts.childNodes];
    member.item = make("li", { style: member.element.getAttribute("style") });
  }

  function restore() {
    for (const member of members) {
      member.home.append(member.element);
      member.facts.replaceChildren(...member.rest);
    }
    wall.replaceChildren();
    wall.hidden = true;
    layout.hidden = false;
  }

  // Missing values come last in both directions; equal ones stay in the sweep's order.
  function sort(measure, most) {
    const sign = most ? -1 : 1;
    const value = ({ number }) => measure.values[number]?.[0];
    const sorted = [...members].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined) || one.at - other.at;
      return sign * (a - b) || one.at - other.at;
    });
    for (const member of sorted) {
      const text = measure.values[member.number]?.[1];
      member.facts.replaceChildren(...(text ? [make("span", { class: "fact" }, `${measure.label} `, make("b", {}, text))] : []));
      member.item.append(member.element);
    }
    wall.replaceChildren(...sorted.map((member) => member.item));
    wall.hidden = false;
    layout.hidden = true;
  }

  function show() {
    const measure = measures.find(({ key }) => key === menu.value);
    const most = way.dataset.way === "most";
    way.hidden = !measure;
    way.textContent = most ? "Highest first" : "Lowest first";
    way.setAttribute("aria-label", `${way.textContent}: reverse the order`);
    menu.classList.toggle("set", Boolean(measure));
    if (measure) sort(measure, most);
    else restore();
    return measure ? `Sorted by ${measure.label}, ${way.textContent.toLowerCase()}` : "In the order of the sweep";
  }

  function choose() {
    status.textContent = show();
    choices.set("sort", menu.value);
    choices.set("way", menu.value && way.dataset.way === "most" ? "most" : "");
  }

  function read() {
    const key = choices.get("sort");
    menu.value = measures.some((measure) => measure.key === key) ? key : "";
    way.dataset.way = choices.get("way") === "most" ? "most" : "least";
    show();
  }

  menu.addEventListener("change", choose);
  way.addEventListener("click", () => {
    way.dataset.way = way.dataset.way === "most" ? "least" : "most";
    choose();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  choices.changed(read);
  read();
})();
