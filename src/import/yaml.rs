//! Bounded YAML: a tree with line numbers, no matter what the file holds.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser};

use super::foreign::{ImportError, unquoted, utf8};

/// How deep lists and maps may lie in each other.
const DEEPEST: usize = 64;
/// The most values of a file.
const MOST_NODES: usize = 16_000_000;
/// The most values that aliases repeat: a file of ten lines can say a billion.
const MOST_COPIES: usize = 500_000;

/// A value and the line it begins on.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) line: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a key may stand twice, as some tools' own output does.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Returns every value of a key.
    pub(super) fn all<'n>(&'n self, key: &'n str) -> impl Iterator<Item = &'n Node> + 'n {
        self.pairs().iter().filter(move |(name, _)| name == key).map(|(_, node)| node)
    }

    /// Returns the first value of a key.
    pub(super) fn get<'n>(&'n self, key: &'n str) -> Option<&'n Node> {
        self.all(key).next()
    }

    /// Returns a map's pairs; nothing for another kind.
    pub(super) fn pairs(&self) -> &[(String, Node)] {
        if let Kind::Map(pairs) = &self.kind { pairs } else { &[] }
    }

    /// Returns a list's values; a lone value is a list of itself, an empty one a list of nothing.
    pub(super) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) => items,
            Kind::Text(text) if text.is_empty() || text == "~" || text == "null" => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// Returns a plain value.
    pub(super) fn text(&self) -> Option<&str> {
        if let Kind::Text(text) = &self.kind { Some(text) } else { None }
    }

    /// Returns the plain value of a key.
    pub(super) fn text_of<'n>(&'n self, key: &'n str) -> Option<&'n str> {
        self.get(key)?.text()
    }

    /// Counts the values in it. Depth is bounded, so this may call itself.
    fn count(&self) -> usize {
        1 + match &self.kind {
            Kind::Text(_) => 0,
            Kind::List(items) => items.iter().map(Self::count).sum(),
            Kind::Map(pairs) => pairs.iter().map(|(_, node)| 1 + node.count()).sum(),
        }
    }

    fn depth(&self) -> usize {
        1 + match &self.kind {
            Kind::Text(_) => 0,
            Kind::List(items) => items.iter().map(Self::depth).max().unwrap_or(0),
            Kind::Map(pairs) => pairs.iter().map(|(_, node)| node.depth()).max().unwrap_or(0),
        }
    }
}

/// A list or map that is still open.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<String>,
}

/// Reads the one document of a file; an empty file is an empty map.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Node, ImportError> {
    let text = utf8(file, bytes)?;
    let error = |line, why: String| ImportError::new(file, line, why, "mend the YAML, or take the file away");
    let mut open: Vec<Open> = Vec::new();
    let mut anchors: HashMap<usize, Node> = HashMap::new();
    let mut done: Option<Node> = None;
    let (mut nodes, mut copies) = (0, 0);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|e| error(e.marker().line(), unquoted(e.info())))?;
        let line = span.start.line();
        nodes += 1;
        let new = |kind| Node { line, kind };
        let (node, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (new(Kind::Text(text.into_owned())), anchor),
            Event::Alias(id) => {
                let Some(node) = anchors.get(&id) else {
                    return Err(error(line, "an alias repeats what it stands in".into()));
                };
                copies += node.count();
                if open.len() + node.depth() > DEEPEST {
                    return Err(error(line, format!("it is deeper than {DEEPEST} levels")));
                }
                (node.clone(), 0)
            }
            Event::SequenceStart(anchor, _) => {
                open.push(Open { node: new(Kind::List(Vec::new())), anchor, key: None });
                continue;
            }
            Event::MappingStart(anchor, _) => {
                open.push(Open { node: new(Kind::Map(Vec::new())), anchor, key: None });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(closed) => (closed.node, closed.anchor),
                None => continue,
            },
            Event::DocumentStart(_) if done.is_some() => {
                return Err(error(line, "a second document begins here".into()));
            }
            _ => continue,
        };
        if nodes > MOST_NODES || copies > MOST_COPIES {
            return Err(error(line, "it holds too many values, aliases spelled out".into()));
        }
        if open.len() >= DEEPEST {
            return Err(error(line, format!("it is deeper than {DEEPEST} levels")));
        }
        if anchor > 0 {
            copies += node.count();
            anchors.insert(anchor, node.clone());
        }
        let Some(parent) = open.last_mut() else {
            done = Some(node);
            continue;
        };
        match (&mut parent.node.kind, parent.key.take()) {
            (Kind::List(items), _) => items.push(node),
            (Kind::Map(pairs), Some(key)) => pairs.push((key, node)),
            // A key that is no plain value is nobody's key here.
            (Kind::Map(_), None) => parent.key = Some(node.text().unwrap_or_default().to_owned()),
            (Kind::Text(_), _) => {}
        }
    }
    Ok(done.unwrap_or(Node { line: 1, kind: Kind::Map(Vec::new()) }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fails(text: &str) -> String {
        read("f.yml", text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn values_know_their_lines() {
        let node = read("f", b"a: 1\nb:\n  - x\n  - 'y z'\n").unwrap();
        assert_eq!(node.text_of("a"), Some("1"));
        let items = node.get("b").unwrap().items();
        assert_eq!((items[1].line, items[1].text()), (4, Some("y z")));
        assert!(read("f", b"").unwrap().pairs().is_empty());
    }

    #[test]
    fn a_key_may_stand_twice() {
        let node = read("f", b"a:\n- 1\na:\n- 2\n").unwrap();
        assert_eq!(node.all("a").count(), 2);
    }

    #[test]
    fn aliases_are_spelled_out_within_bounds() {
        let node = read("f", b"a: &x [p, q]\nb: *x\n").unwrap();
        assert_eq!(node.get("b").unwrap().items().len(), 2);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..20 {
            bomb += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", "));
        }
        assert!(fails(&bomb).contains("too many values"), "{}", fails(&bomb));
    }

    #[test]
    fn depth_is_bounded_and_so_are_aliases_of_depth() {
        assert!(fails(&("[".repeat(5000) + &"]".repeat(5000))).contains("f.yml: line 1"));
        let mut deep = "a0: &a0 [x]\n".to_owned();
        for n in 1..100 {
            deep += &format!("a{n}: &a{n} [*a{}]\n", n - 1);
        }
        assert!(fails(&deep).contains("deeper than 64"), "{}", fails(&deep));
    }

    #[test]
    fn what_is_broken_is_named_without_quoting() {
        assert!(!fails("a: \"hunter2\n").contains("hunter2"));
        assert!(fails("a: 1\n---\nb: 2\n").contains("a second document"));
        assert!(fails("a: &x [*x]\n").contains("line 1"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read("f", &bytes);
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[-a:*&\\[\\]{}'\" \n!|>#,?]{0,60}") {
            let _ = read("f", text.as_bytes());
        }
    }
}
