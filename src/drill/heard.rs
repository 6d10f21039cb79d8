//! What the real program says while it answers, told as steps of the drill. A line is a topic of one word
//! and a text; a line that begins an incident is not set in.

use super::Mark;
use crate::model::text::shown;

/// Makes a step of a line; `None`: it is for those who read the whole.
pub(super) fn step(line: &str, tells_policy: bool) -> Option<(&'static str, String, Mark)> {
    let well = |what, text: &str| Some((what, shown(text.as_bytes()), Mark::Well));
    let Some(rest) = line.strip_prefix("  ") else {
        return line.starts_with("i-").then(|| ("detected", shown(line.as_bytes()), Mark::Well));
    };
    let (topic, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let text = text.trim_start();
    match topic {
        "live" => proof("verified", text, "alive"),
        "owner" => proof("owned", text, "ours"),
        "exposed" => proof("exposed", text, "public"),
        "policy" if tells_policy => Some(("policy", shown(text.as_bytes()), Mark::Aside)),
        "decided" => well("decided", text),
        "approval" | "waits" => Some(("waits", shown(text.as_bytes()), Mark::Aside)),
        "step" => {
            // `3/12 what is done: what came of it`
            let done = text.split_once(' ').map_or(text, |(_, done)| done);
            let (what, text) = delivered(done)?;
            well(what, &text)
        }
        "review" => well("reviewed", text),
        _ => None,
    }
}

/// A proof, or what stands in its place.
fn proof(what: &'static str, text: &str, wanted: &str) -> Option<(&'static str, String, Mark)> {
    let mark = if text.starts_with(wanted) { Mark::Well } else { Mark::Aside };
    Some((what, shown(text.as_bytes()), mark))
}

/// Says a step of the rotation that counts here as something that is done.
fn delivered(done: &str) -> Option<(&'static str, String)> {
    if let Some(rest) = done.strip_prefix("replace the secret of ") {
        let which = rest.split_once(": ").map_or(rest, |(which, _)| which);
        return Some(("rotated", format!("replaced the secret of {which}; the old one ends")));
    }
    if done.starts_with("prove that the old key is dead") {
        let shown = done.rsplit_once(": ").map_or("", |(_, shown)| shown);
        return Some(("dead", format!("the old key: {shown}")));
    }
    let (environment, rest) = done.split_once(": ")?;
    let plain = |place: &str| place.split('#').next().unwrap_or_default().to_owned();
    if let Some(place) = rest.strip_prefix("write the new key to ") {
        return Some(("delivered", format!("{environment}: {} has the new key", plain(place))));
    }
    let place = rest.strip_prefix("make it count at ")?;
    Some(("delivered", format!("{environment}: {} was redeployed and runs with it", plain(place))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_becomes_a_step_or_is_left_to_the_whole() {
        let of = |line: &str| step(line, false).map(|(what, text, _)| format!("{what}: {text}"));
        assert_eq!(of("i-01 · rule · ****").unwrap(), "detected: i-01 · rule · ****");
        assert_eq!(
            of("  live      alive: CONNECT answered 200").unwrap(),
            "verified: alive: CONNECT answered 200"
        );
        assert_eq!(
            of("  step      4/12 staging: write the new key to a.env#A,key_id=B").unwrap(),
            "delivered: staging: a.env has the new key"
        );
        assert_eq!(
            of("  step      7/12 production: make it count at render:srv-1#A").unwrap(),
            "delivered: production: render:srv-1 was redeployed and runs with it"
        );
        assert_eq!(
            of("  step      11/12 prove that the old key is dead, which may take 30 seconds: CONNECT answered 407")
                .unwrap(),
            "dead: the old key: CONNECT answered 407"
        );
        assert_eq!(of("  step      1/12 prove that it works"), None);
        let (.., mark) = step("  exposed   cannot tell: it has no remote", false).unwrap();
        assert_eq!(mark, Mark::Aside);
        assert_eq!(of("  policy    line 3: fits, then ask"), None);
        assert!(step("  policy    line 3: fits, then ask", true).is_some());
        assert_eq!(of("  watching  it is looked at again"), None);
        assert_eq!(of(""), None);
    }
}
