"""Layer 2: small facts about the user, each with validity in time and in the system."""
