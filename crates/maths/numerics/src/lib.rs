//! Special functions, quadrature and optimisers, each with its stated accuracy.
