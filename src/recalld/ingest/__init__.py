"""The write flow: from an ended session to memory."""
