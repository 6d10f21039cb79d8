//! How far an expression fits where it does not match.

use std::ops::Range;

use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};

/// The most places before a literal from which a match is tried.
const STARTS: usize = 256;

/// Returns the furthest offset up to which the expression fits, begun at any of `starts`, looking no
/// further than `end`; `None`: it cannot be told.
pub(super) fn fits(expression: &str, bytes: &[u8], starts: Range<usize>, end: usize) -> Option<usize> {
    let build = |unicode| {
        DFA::builder()
            .syntax(syntax::Config::new().unicode(unicode).utf8(false))
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(8 << 20)))
            .configure(DFA::config().skip_cache_capacity_check(true))
            .build(expression)
    };
    let dfa = build(false).or_else(|_| build(true)).ok()?;
    let mut cache = dfa.create_cache();
    let from = starts.start.max(starts.end.saturating_sub(STARTS));
    let mut furthest = None;
    for start in from..=starts.end.min(end) {
        let input = Input::new(bytes).span(start..end).anchored(Anchored::Yes);
        let Ok(mut state) = dfa.start_state_forward(&mut cache, &input) else { continue };
        let mut at = start;
        while at < end {
            let Ok(next) = dfa.next_state(&mut cache, state, bytes[at]) else { break };
            if next.is_dead() || next.is_quit() {
                break;
            }
            state = next;
            at += 1;
        }
        furthest = furthest.max(Some(at));
    }
    furthest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_that_does_not_fit_is_found() {
        assert_eq!(fits("acme_[0-9]{6}", b"x acme_123!56", 2..2, 13), Some(10));
        assert_eq!(fits("[a-z]{2,5}=acme_[0-9]{6}", b"key=acme_12", 0..4, 11), Some(11));
    }
}
