//! How long a refused login takes tells nothing.
