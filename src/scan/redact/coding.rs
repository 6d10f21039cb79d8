//! UTF-16 on its way through: looked at as UTF-8, handed on as it came.

use crate::unpack::text::{self, Order};

/// How a stream is written.
#[derive(Default)]
pub(super) struct Coding {
    order: Option<Order>,
    is_known: bool,
    /// Bytes too few to be told apart, or half a character.
    carry: Vec<u8>,
    /// In UTF-16, the bytes of the text that has not gone out yet.
    raw: Vec<u8>,
}

impl Coding {
    /// Takes bytes and appends their text; a byte order mark goes to `out` at once.
    pub(super) fn take(&mut self, bytes: &[u8], is_last: bool, text: &mut Vec<u8>, out: &mut Vec<u8>) {
        if self.is_known && self.order.is_none() {
            text.extend_from_slice(bytes);
            return;
        }
        self.carry.extend_from_slice(bytes);
        if !self.is_known {
            let may_be_marked =
                matches!(self.carry[..], [] | [0xff | 0xfe] | [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
            if may_be_marked && self.carry.len() < 4 && !is_last {
                return;
            }
            self.is_known = true;
            self.order = text::utf16_order(&self.carry);
            if self.order.is_some() {
                out.extend(self.carry.drain(..2));
            }
        }
        let Some(order) = self.order else {
            text.append(&mut self.carry);
            return;
        };
        let mut whole = self.carry.len() - self.carry.len() % 2;
        if !is_last && whole >= 2 && is_first_half(&self.carry[whole - 2..], order) {
            whole -= 2;
        }
        text.extend(text::utf16(&self.carry[..whole], order));
        self.raw.extend(self.carry.drain(..whole));
    }

    /// Hands on a part of the text as it came.
    pub(super) fn copy(&mut self, text: &[u8], out: &mut Vec<u8>) {
        match self.order {
            None => out.extend_from_slice(text),
            Some(_) => out.extend(self.raw.drain(..units(text) * 2)),
        }
    }

    /// Leaves a part of the text out and hands on a mask.
    pub(super) fn replace(&mut self, text: &[u8], mask: &str, out: &mut Vec<u8>) {
        match self.order {
            None => out.extend_from_slice(mask.as_bytes()),
            Some(order) => {
                self.raw.drain(..units(text) * 2);
                out.extend(mask.encode_utf16().flat_map(|unit| match order {
                    Order::Little => unit.to_le_bytes(),
                    Order::Big => unit.to_be_bytes(),
                }));
            }
        }
    }

    /// Moves an offset to where a character begins; `up`: the next one, otherwise this one's start.
    pub(super) fn whole(&self, text: &[u8], mut at: usize, up: bool) -> usize {
        if self.order.is_some() {
            while at > 0 && text.get(at).is_some_and(|b| b & 0xc0 == 0x80) {
                at = if up { at + 1 } else { at - 1 };
            }
        }
        at
    }

    /// Hands on the odd byte at the end of UTF-16.
    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.carry);
    }
}

/// Whether a unit is the first of two that make one character.
fn is_first_half(unit: &[u8], order: Order) -> bool {
    let high = if order == Order::Little { unit[1] } else { unit[0] };
    (0xd8..0xdc).contains(&high)
}

/// How many units of UTF-16 a text in UTF-8 came from; what was no character is one unit.
fn units(text: &[u8]) -> usize {
    text.iter().filter(|b| **b & 0xc0 != 0x80).map(|b| if *b >= 0xf0 { 2 } else { 1 }).sum()
}
