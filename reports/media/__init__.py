"""Pictures for pages: thumbnails, animations, deep-zoom tiles."""
