"""orbifolio: recipe-driven reports for generative art."""
