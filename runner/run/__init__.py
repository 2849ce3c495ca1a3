"""One run: the loop that yields events, and who keeps them; its folder, checkpoint, plan and process."""
