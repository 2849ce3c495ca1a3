"""Growing neural gas: a picture's points -> a graph that grows into a drawing (Fritzke 1995)."""
