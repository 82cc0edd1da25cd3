//! Two servers never share one store.
