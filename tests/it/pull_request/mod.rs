//! `keywright pull-request`: what a branch brings in, told under its pull request.
//!
//! - `scene`: a repository, its objects in a bare one, and a host
//! - `stories`: the comment from its first word to its end
//! - `hostile`: hints that were written by an enemy, and names that are not what they seem

mod hostile;
mod scene;
mod stories;
