"""The write flow: an ended session becomes an episode, facts and vectors."""
