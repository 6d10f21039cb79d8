//! The door, against servers of a few lines.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;

use super::*;

/// What a server does with a connection: `None` waits for the other side to go.
fn server(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            match answer {
                Some(text) => {
                    let _ = stream.write_all(text.as_bytes());
                    let _ = stream.shutdown(Shutdown::Write);
                }
                None => while stream.read(&mut asked).is_ok_and(|n| n > 0) {},
            }
        }
    });
    place
}

fn door(place: &str) -> Door {
    let quick = Duration::from_millis(300);
    Door::new(&[place.to_owned()]).unwrap().with_patience(quick, quick)
}

fn call(door: &Door, url: &str) -> Result<Answer, CallError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(door.call(Request::new("GET", url)?))
}

#[test]
fn an_answer_has_status_times_and_body() {
    let place = server(Some(
        "HTTP/1.1 429 Slow\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\nContent-Length: 2\r\n\r\nhi",
    ));
    let answer = call(&door(&place), &format!("http://{place}/")).unwrap();
    assert_eq!((answer.status, answer.retry_after), (429, Some(3)));
    assert!(answer.date.is_some() && answer.body == Secret::new(b"hi".to_vec()));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let place =
        server(Some("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
    assert_eq!(call(&door(&place), &format!("http://{place}/")).unwrap().status, 302);
}

#[test]
fn what_may_have_arrived_is_lost() {
    for answer in
        [Some(""), Some("nonsense\r\n\r\n"), Some("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), None]
    {
        let place = server(answer);
        let e = call(&door(&place), &format!("http://{place}/?q=hush")).unwrap_err();
        assert!(matches!(&e, CallError::Lost(why) if !why.contains("hush")), "{answer:?}: {e:?}");
    }
}

#[test]
fn an_answer_is_bounded() {
    let long = Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LONGEST + 1)).into_boxed_str());
    let place = server(Some(long));
    let patient = door(&place).with_patience(CONNECT, WHOLE);
    let e = call(&patient, &format!("http://{place}/")).unwrap_err();
    assert!(matches!(&e, CallError::Lost(why) if why.contains("more than")), "{e:?}");
    let whole = Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(LONGEST)).into_boxed_str());
    let place = server(Some(whole));
    let patient = door(&place).with_patience(CONNECT, WHOLE);
    assert_eq!(call(&patient, &format!("http://{place}/")).unwrap().body.len(), LONGEST);
}

#[test]
fn what_is_cut_off_is_kept_up_to_there() {
    for (body, kept, is_cut) in [("0123456789", "0123", true), ("0123", "0123", false), ("", "", false)] {
        let text = format!("HTTP/1.1 200 OK\r\nX-Kind: some\r\n\r\n{body}");
        let place = server(Some(Box::leak(text.into_boxed_str())));
        let asking =
            async { door(&place).call(Request::new("GET", &format!("http://{place}/"))?.up_to(4)).await };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answer = runtime.block_on(asking).unwrap();
        assert!(answer.body == Secret::new(kept.into()) && answer.is_cut == is_cut, "{body}");
        assert_eq!((answer.headers.get("x-kind"), answer.headers.get("x-other")), (Some("some"), None));
    }
}

#[test]
fn what_did_not_leave_is_not_sent() {
    // A place where nobody listens; one that speaks no TLS; names that lead inside.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let plain = server(Some("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"));
    for (door, url) in [
        (door(&closed), format!("http://{closed}/")),
        (door(&plain), format!("https://{plain}/")),
        (door("127.0.0.1:1"), format!("https://{plain}/")),
        (door("127.0.0.1:1"), "https://localhost/".into()),
        (door("127.0.0.1:1"), "https://169.254.169.254/latest".into()),
        (door("127.0.0.1:1"), "https://[::ffff:127.0.0.1]/".into()),
        (door("127.0.0.1:1"), "https://0x7f.1/".into()),
        (door("127.0.0.1:1"), "http://8.8.8.8/".into()),
        (door("127.0.0.1:1"), "https://user:pass@127.0.0.1:1/".into()),
        (door("127.0.0.1:1"), "file:///etc/passwd".into()),
    ] {
        let e = call(&door, &url).unwrap_err();
        assert!(matches!(e, CallError::NotSent(_)), "{url}: {e:?}");
    }
}

#[test]
fn a_dial_goes_where_it_may() {
    let place = server(None);
    let (host, port) = super::place(&place).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(runtime.block_on(door(&place).dial(&host, port)).is_ok());
    let e = runtime.block_on(door("127.0.0.1:1").dial(&host, port)).unwrap_err();
    assert!(matches!(&e, CallError::NotSent(why) if why.contains("no public address")), "{e:?}");
}

#[test]
fn a_header_cannot_be_cut_in_two() {
    let begun = || Request::new("GET", "https://example.com/").unwrap();
    for value in ["a\r\nX: b", "a\nb", "a\0b"] {
        let e = begun().header("x-key", &Secret::new(value.into())).unwrap_err();
        assert!(!e.to_string().contains("a\\x"), "{e}");
    }
    let made = begun().header("x-key", &Secret::new(b"hush-hush".to_vec())).unwrap();
    assert_eq!(format!("{made:?}"), "GET example.com");
}

#[test]
fn places_are_hosts_with_ports() {
    for (text, read) in [
        ("LocalHost.:80", Some(("localhost", 80))),
        ("[::1]:8200", Some(("::1", 8200))),
        ("10.0.0.1:1", Some(("10.0.0.1", 1))),
        ("localhost", None),
        ("::1:80", None),
        ("a b:80", None),
        ("host:0", None),
        ("https://host:80", None),
    ] {
        assert_eq!(place(text), read.map(|(h, p)| (h.to_owned(), p)), "{text}");
    }
}
