//! Real git, served over http on loopback: each request is one run of `git http-backend`, which is git's own.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::loopback::{Asked, asked};
use super::program::cleared;

/// Serves every repository below a folder to anybody, at `127.0.0.1:port`, which it returns. `refuse` is
/// asked first: what it answers is told instead, as status and headers with their line ends.
pub(crate) fn serve(
    folder: &Path,
    refuse: impl Fn(&Asked) -> Option<(u16, &'static str)> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let (folder, refuse) = (folder.to_owned(), Arc::new(refuse));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (folder, refuse) = (folder.clone(), refuse.clone());
            thread::spawn(move || {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
                let mut stream = stream;
                let Some(asked) = asked(&stream) else { return };
                match refuse(&asked) {
                    Some((status, headers)) => {
                        let head = format!(
                            "HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n"
                        );
                        let _ = stream.write_all(head.as_bytes());
                    }
                    None => backend(&folder, &asked, &mut stream),
                }
            });
        }
    });
    place
}

/// Runs git as a web server runs it (RFC 3875).
fn backend(folder: &PathBuf, asked: &Asked, stream: &mut TcpStream) {
    let mut command = cleared("git", folder);
    command.arg("http-backend").env("GIT_PROJECT_ROOT", folder).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("REMOTE_USER", "anybody").env("REMOTE_ADDR", "127.0.0.1");
    command.env("REQUEST_METHOD", &asked.method).env("PATH_INFO", &asked.path);
    command.env("QUERY_STRING", &asked.query).env("CONTENT_LENGTH", asked.raw.len().to_string());
    command.env("CONTENT_TYPE", asked.header("content-type"));
    for (variable, header) in
        [("HTTP_CONTENT_ENCODING", "content-encoding"), ("GIT_PROTOCOL", "git-protocol")]
    {
        if !asked.header(header).is_empty() {
            command.env(variable, asked.header(header));
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let (mut stdin, body) = (child.stdin.take().unwrap(), asked.raw.clone());
    let writer = thread::spawn(move || drop(stdin.write_all(&body)));
    let told = child.wait_with_output().unwrap().stdout;
    writer.join().unwrap();
    let end = told.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(0);
    let head = String::from_utf8_lossy(&told[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let body = &told[(end + 4).min(told.len())..];
    let headers =
        format!("HTTP/1.1 {status}\r\n{head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(headers.as_bytes()).and_then(|()| stream.write_all(body));
}
