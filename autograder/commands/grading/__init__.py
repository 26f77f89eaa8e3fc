"""What `autograder grade` is made of: options, the proof, the way of a submission, the summary."""
