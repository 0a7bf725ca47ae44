//! The same lake in an S3-compatible store: `moto_server` (from PyPI, `moto[server]`) where that is installed.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;

/// A store of its own, which ends with the test.
struct Server {
    process: Child,
    at: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A server with an empty bucket `shop`; `None`, with the reason on stderr, where there is none.
fn server() -> Option<Server> {
    let at = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let started = Command::new("moto_server")
        .args(["-H", "127.0.0.1", "-p", &at.port().to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let process = match started {
        Ok(process) => process,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: there is no moto_server here");
            return None;
        }
        Err(error) => panic!("moto_server: {error}"),
    };
    let server = Server { process, at };
    let patience = 600;
    for _ in 0..patience {
        if let Ok(mut connection) = TcpStream::connect(at) {
            let request = format!(
                "PUT /shop HTTP/1.1\r\nHost: {at}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            connection.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            return Some(server);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("moto_server does not answer");
}

fn bucket(server: &Server) -> LakePlace {
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = BTreeMap::from([
        option("endpoint", &format!("http://{}", server.at)),
        option("allow_http", "true"),
        option("region", "us-east-1"),
        option("access_key_id", "anyone"),
        option("secret_access_key", "anything"),
    ]);
    LakePlace::new("s3://shop/the lake", &options).unwrap()
}

#[test]
fn a_lake_in_an_object_store_imports_corrects_races_joins_and_tells_of_earlier_commits() {
    let Some(server) = server() else { return };
    let engine = engine();
    let error = Lake::open(&engine, bucket(&server)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "s3://shop/the lake: there is no lake here; expected s3://shop/the lake/_clv/lake.json"
    );
    let lake = Lake::create_or_open(&engine, bucket(&server)).unwrap();
    let changes = import(&lake, "a.csv", &FIRST).unwrap();
    assert_eq!(changes["orders"].rows_new, 3);
    assert_eq!(import(&lake, "a.csv", &FIRST), None);
    // The store itself grants a commit's number to one of two.
    let slow = lake.begin().unwrap();
    write(&slow, 0, "slow.csv", &[(1, 11, &[1, 2]), (5, 50, &[5])]).unwrap();
    import(&lake, "quick.csv", &[(4, 40, &[4])]).unwrap();
    let commit = slow.commit(&"slow".into(), Instant(2)).unwrap().unwrap();
    assert_eq!((commit.number, commit.changes["orders"].rows_changed), (3, 1));
    let all = [(1, 11, &[1, 2][..]), FIRST[1], FIRST[2], (4, 40, &[4]), (5, 50, &[5])];
    let again = Lake::open(&engine, bucket(&server)).unwrap();
    assert_eq!(content(&again, AsOf::Latest), expected(&all));
    assert_eq!(content(&again, AsOf::Commit(1)), expected(&FIRST));
    for number in 10..18 {
        import(&lake, "more.csv", &[(number, 1, &[1])]).unwrap();
    }
    lake.compact(Instant(3)).unwrap().unwrap();
    assert_eq!(content(&lake, AsOf::Latest).len(), 13);
    // A day after everything was written: what no longer counts goes.
    let later = Instant(i64::MAX);
    let vacuumed = lake.vacuum(later, Duration::ZERO).unwrap();
    assert!(vacuumed.files >= 16 && vacuumed.commits == 11, "{vacuumed:?}");
    assert_eq!(content(&lake, AsOf::Latest).len(), 13);
    assert_eq!(content(&lake, AsOf::Commit(12)).len(), 13);
}
