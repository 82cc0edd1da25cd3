//! Which web pages may read a rested project's answers.
