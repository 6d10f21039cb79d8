//! Text as HTML holds it.

/// Returns text for an element or a quoted attribute. The second of two `#` is escaped too, so that
/// a page printed into a build log gives it no commands.
///
/// The script knows the same six names: what it reads back is the exact text.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = '\0';
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '#' if before == '#' => out.push_str("&#35;"),
            _ => out.push(c),
        }
        before = c;
    }
    out
}

/// Returns a page's address if it may become a link: `https`, a host and nothing in front of it, and
/// no sign that an address does not have. A rule file may come from the scanned repository.
pub(super) fn link(page: &str) -> Option<&str> {
    let rest = page.strip_prefix("https://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_host = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b':');
    let is_plain = |c: u8| c.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&c);
    let is_web = host.contains('.') && host.bytes().all(is_host) && rest.bytes().all(is_plain);
    is_web.then_some(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_opens_a_tag_ends_a_quote_or_commands_a_log() {
        assert_eq!(
            escaped(r#"</p><b a="x" c='y'>&amp;"#),
            "&lt;/p&gt;&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;"
        );
        assert_eq!(escaped("# ##[x]###"), "# #&#35;[x]#&#35;&#35;");
        assert_eq!(escaped("naïve 日本"), "naïve 日本");
    }

    #[test]
    fn only_a_page_of_the_web_becomes_a_link() {
        for page in ["https://example.com", "https://example.com:8443/a/b?c=d&e=%20#f(g)"] {
            assert_eq!(link(page), Some(page));
        }
        for page in [
            "http://example.com",
            "javascript:alert(1)",
            "https:example.com",
            "https://",
            "https://localhost/",
            "https://good.example@evil.example/",
            "https://example.com/\"onclick=\"x",
            "https://example.com/a b",
            "https://example.com\\@evil.example/",
            "https://exämple.com/",
            "HTTPS://example.com",
        ] {
            assert_eq!(link(page), None, "{page}");
        }
    }
}
