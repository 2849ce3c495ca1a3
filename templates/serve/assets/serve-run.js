// The page of one run.
"use strict";

server.watch(document.querySelector("[data-watch]"), document.querySelector("[data-watch]").dataset.watch);
