"""The family of views: what the network sees while optimising, not kept in the result."""

from orbifolio.runner.views.affine import VIEWS, AnyView, View, Views, draw_view, keeps_wrap, look

__all__ = ["VIEWS", "AnyView", "View", "Views", "draw_view", "keeps_wrap", "look"]
