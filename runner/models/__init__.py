"""Models in three dimensions: meshes with texture coordinates, their files, their pictures."""
