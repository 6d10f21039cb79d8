//! What people are to be told, kept until it was sent: on SQLite and on Postgres.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use keywright::model::credential::CallError;
use keywright::model::rotation::Moment;
use keywright::notify::{Notice, Notifier};
use keywright::respond::outbox::{Outbox, SINGLY, letter_to, news};
use keywright::rotate::Clock;
use keywright::store::Store;

use crate::support::ledger::each;

const MINUTE: Moment = 60_000;
const HOUR: Moment = 60 * MINUTE;

struct Now(Mutex<Moment>);

impl Clock for Now {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap()
    }
}

/// What came, by way: the way and the notice.
type Came = Arc<Mutex<Vec<(String, Notice)>>>;

/// Takes notices, unless it is called `deaf`, and lets others run meanwhile.
struct Ear {
    name: String,
    came: Came,
    is_deaf: bool,
}

#[async_trait]
impl Notifier for Ear {
    fn name(&self) -> &str {
        &self.name
    }

    async fn send(&self, notice: &Notice) -> Result<(), CallError> {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        if self.is_deaf {
            return Err(CallError::NotSent("nobody listens".into()));
        }
        self.came.lock().unwrap().push((self.name.clone(), notice.clone()));
        Ok(())
    }
}

/// A store, its ways, and what came by them.
struct Office {
    store: Store,
    clock: Now,
    came: Came,
    deaf: RefCell<Vec<String>>,
    warned: RefCell<Vec<String>>,
    opened: Cell<usize>,
}

impl Office {
    fn new(store: Store) -> Self {
        Self {
            store,
            clock: Now(Mutex::new(1_700_000_000_000)),
            came: Came::default(),
            deaf: RefCell::default(),
            warned: RefCell::default(),
            opened: Cell::default(),
        }
    }

    fn pass(&self, time: Moment) {
        *self.clock.0.lock().unwrap() += time;
    }

    async fn note(&self, incident: &str, what: &str, urgent: bool, channels: &[&str]) -> bool {
        let notice = Notice {
            id: format!("{incident}:{what}"),
            title: format!("about {what}"),
            facts: Vec::new(),
            lines: Vec::new(),
            urgent,
        };
        let channels = channels.iter().map(|c| (*c).to_owned()).collect();
        let news = news(incident, what, &notice, channels).unwrap();
        self.store.note(&news, self.clock.now()).await.unwrap()
    }

    async fn send(&self) -> usize {
        let open = |channel: &str| -> Result<Box<dyn Notifier>, String> {
            self.opened.set(self.opened.get() + 1);
            let is_deaf = self.deaf.borrow().iter().any(|d| d == channel);
            Ok(Box::new(Ear { name: channel.into(), came: self.came.clone(), is_deaf }))
        };
        let outbox = Outbox {
            store: &self.store,
            clock: &self.clock,
            channels: &["ops".to_owned(), "pager".into()],
            open: &open,
            warn: &|text| self.warned.borrow_mut().push(text.into()),
        };
        outbox.send().await.unwrap()
    }

    /// Returns what came since the last asking: `ops about x`.
    fn heard(&self) -> Vec<String> {
        let came = std::mem::take(&mut *self.came.lock().unwrap());
        came.iter().map(|(way, notice)| format!("{way} {}", notice.title)).collect()
    }
}

#[test]
fn news_go_each_way_once_and_the_urgent_first() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        assert!(office.note("i-1", "ask", false, &["ops", "pager"]).await);
        assert!(!office.note("i-1", "ask", false, &["ops", "pager"]).await);
        office.pass(1);
        office.note("i-2", "dead", true, &["ops"]).await;
        assert_eq!(office.send().await, 3);
        assert_eq!(office.heard(), ["ops about dead", "ops about ask", "pager about ask"]);
        office.pass(8 * 24 * HOUR);
        assert_eq!(office.send().await, 0);
        let told = office.store.notices_of("i-1").await.unwrap();
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|n| n.sent.is_some() && n.next_try.is_none() && n.error.is_empty()));
        assert!(office.warned.borrow().is_empty(), "{:?}", office.warned);
    });
}

#[test]
fn two_runners_send_one_thing_once() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        for n in 0..4 {
            office.note("i-1", &format!("n{n}"), false, &["ops"]).await;
        }
        let (a, b) = tokio::join!(office.send(), office.send());
        assert_eq!(a + b, 4);
        let mut heard = office.heard();
        heard.sort();
        assert_eq!(heard, ["ops about n0", "ops about n1", "ops about n2", "ops about n3"]);
    });
}

#[test]
fn what_was_taken_by_a_runner_that_was_killed_is_sent_by_the_next() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        office.note("i-1", "ask", false, &["ops"]).await;
        let now = office.clock.now();
        let mut taken = office.store.due_notices(now).await.unwrap();
        let stale = taken.clone();
        taken = office.store.take_notices(taken, now + 10 * MINUTE).await.unwrap();
        assert_eq!(taken[0].tries, 1);
        assert_eq!(office.store.take_notices(stale, now + HOUR).await.unwrap(), [], "somebody else has it");
        assert_eq!(office.send().await, 0);
        office.pass(10 * MINUTE);
        assert_eq!(office.send().await, 1);
        // The first comes back late: what it says of its try changes nothing.
        office.store.notices_failed(&taken, "late", office.clock.now()).await.unwrap();
        office.pass(HOUR);
        assert_eq!((office.send().await, office.heard().len()), (0, 1));
    });
}

#[test]
fn a_way_that_takes_nothing_waits_ever_longer_and_holds_up_no_other() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        office.deaf.borrow_mut().push("ops".into());
        for what in ["a", "b", "c"] {
            office.note("i-1", what, false, &["ops", "pager"]).await;
        }
        assert_eq!(office.send().await, 3);
        // Only the first was tried: the others wait with it.
        assert_eq!(office.opened.get(), 1 + 3);
        let waiting = office.store.notices_of("i-1").await.unwrap();
        let of_ops: Vec<_> = waiting.iter().filter(|n| n.channel == "ops").collect();
        assert_eq!(of_ops.iter().map(|n| n.tries).collect::<Vec<_>>(), [1, 0, 0]);
        assert!(of_ops[0].error.contains("nobody listens"));
        assert!(of_ops.iter().all(|n| n.next_try == Some(office.clock.now() + MINUTE)));
        assert_eq!(office.send().await, 0, "it is not time yet");
        office.pass(MINUTE);
        assert_eq!(office.send().await, 0);
        office.heard();
        office.deaf.borrow_mut().clear();
        office.pass(2 * MINUTE);
        assert_eq!(office.send().await, 3);
        assert_eq!(office.heard(), ["ops about a", "ops about b", "ops about c"]);
    });
}

#[test]
fn a_dead_way_is_told_once_a_day_by_the_others_and_its_news_are_given_up_after_a_week() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        office.deaf.borrow_mut().push("ops".into());
        office.note("i-1", "ask", false, &["ops"]).await;
        office.send().await;
        assert!(office.heard().is_empty());
        for _ in 0..20 {
            office.pass(HOUR);
            office.send().await;
        }
        assert_eq!(office.heard(), ["pager ops takes no news: 1 wait", "pager ops takes no news: 1 wait"]);
        assert!(office.warned.borrow().iter().any(|w| w.contains("takes no news")));
        office.pass(7 * 24 * HOUR);
        office.deaf.borrow_mut().clear();
        office.send().await;
        assert!(office.warned.borrow().iter().any(|w| w.contains("given up")), "{:?}", office.warned);
        let kept = office.store.notices_of("i-1").await.unwrap();
        assert!(kept[0].sent.is_none() && kept[0].next_try.is_none() && !kept[0].error.is_empty());
        assert!(!office.heard().iter().any(|h| h.starts_with("ops")));
    });
}

#[test]
fn much_is_told_in_one_and_a_letter_never_is() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        let letter = letter_to("abuse@example.com");
        for n in 0..SINGLY + 20 {
            office.note("i-1", &format!("n{n:02}"), n == 0, &["ops", &letter]).await;
        }
        assert_eq!(office.send().await, 2 * (SINGLY + 20));
        let came = std::mem::take(&mut *office.came.lock().unwrap());
        let by =
            |way: &str| came.iter().filter(|(w, _)| w == way).map(|(_, n)| n.clone()).collect::<Vec<_>>();
        assert_eq!((by("ops").len(), by(&letter).len()), (SINGLY + 1, SINGLY + 20));
        let digest = by("ops").pop().unwrap();
        assert_eq!((digest.title.as_str(), digest.lines.len()), ("20 more: keywright incidents list", 20));
        assert!(by("ops")[0].urgent && !digest.urgent);
    });
}

#[test]
fn hundreds_are_told_in_a_bounded_digest() {
    each(|ledger| async move {
        let office = Office::new(ledger.open().await);
        for n in 0..SINGLY + 300 {
            office.note(&format!("i-{n}"), "notify", false, &["ops"]).await;
        }
        assert_eq!(office.send().await, SINGLY + 300);
        let (_, digest) = office.came.lock().unwrap().pop().unwrap();
        assert_eq!(digest.title, "300 more: keywright incidents list");
        assert_eq!((digest.lines.len(), digest.lines[200].as_str()), (201, "and 100 more"));
    });
}
