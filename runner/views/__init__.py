"""The family of views: what the network sees while optimising; the result is free of them."""

from orbifolio.runner.views.affine import VIEWS, AnyView, View, Views, apply_view, draw_view, keeps_wrap

__all__ = ["VIEWS", "AnyView", "View", "Views", "draw_view", "keeps_wrap", "apply_view"]
