//! Stories about the whole program.

mod rules;
