use exeunt::store::contract::{self, NOW, REALM};
use exeunt::store::sqlite::*;
use exeunt::store::*;
use exeunt_core::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
fn session(n: u64, user: u64) -> NewSession {
    let id = SessionId(u128::from(n).to_be_bytes());
    let session = Session { id, stamp: Stamp::ZERO, anchors: Box::new([Anchor::Realm(REALM), Anchor::Client(ClientId([8;16])), Anchor::User(UserId((u128::from(user).wrapping_mul(0x9e3779b97f4a7c15f39cc0605cedc835)).to_be_bytes())), Anchor::Session(id)]), issued_at: NOW, idle_secs: 600, absolute_secs: 3600 };
    NewSession { record: Record { session, door: Door::new("native"), token: Fingerprint::of(&n.to_be_bytes()), from: Some([10,0,0,1].into()), user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".into()) }, sessions_max: 10_000 }
}
async fn run<F, Fut>(name: &str, total: u64, callers: u64, f: F) where F: Fn(u64)->Fut + Send+Sync+'static, Fut: Future<Output=()>+Send {
    let f = Arc::new(f); let next = Arc::new(AtomicU64::new(0)); let t = Instant::now();
    let hs: Vec<_> = (0..callers).map(|_| { let (f,next)=(f.clone(),next.clone()); tokio::spawn(async move { let mut worst = 0u128; let mut lat=vec![]; loop { let n = next.fetch_add(1, Ordering::Relaxed); if n >= total { break } let t=Instant::now(); f(n).await; let e=t.elapsed().as_micros(); worst=worst.max(e); lat.push(e as u32);} (worst,lat) }) }).collect();
    let mut all=vec![]; for h in hs { all.extend(h.await.unwrap().1) } all.sort_unstable();
    let s = t.elapsed().as_secs_f64();
    println!("{name}: {:.0}/s p50 {} p99 {} max {} us", total as f64 / s, all[all.len()/2], all[all.len()*99/100], all[all.len()-1]);
}
#[tokio::main(flavor="multi_thread", worker_threads=2)]
async fn main() {
    let dir = std::path::PathBuf::from("/tmp/measure"); let _ = std::fs::remove_dir_all(&dir);
    let path = dir.join("m.db");
    let n: u64 = std::env::args().nth(1).map_or(200_000, |s| s.parse().unwrap());
    let store: Arc<SqliteStore> = Arc::new(SqliteStore::open(SqliteOptions::new(path.clone(), Incarnation([1;16]))).unwrap());
    let s = store.clone();
    run("issue x256", n, 256, move |i| { let s = s.clone(); async move { s.issue(session(i+1, i/5)).await.unwrap(); } }).await;
    let s = store.clone();
    run("issue x1", 2000, 1, move |i| { let s = s.clone(); async move { s.issue(session(i+1+100_000_000, i)).await.unwrap(); } }).await;
    for round in 0..3u64 {
    let s = store.clone();
    run("raise user x64", 100_000, 64, move |i| { let s = s.clone(); async move { s.raise(contract::raise(Anchor::User(UserId(u128::from(i+round*100_000).to_be_bytes())), Why::Everywhere)).await.unwrap(); } }).await;
    let s = store.clone(); let each = n/4;
    run("raise known x64", each, 64, move |i| { let s = s.clone(); async move { let new = session(round*each+i+1, 0); let r = Raise { known: Some((new.record.session.clone(), NOW)), ..contract::raise(Anchor::Session(new.record.session.id), Why::LoggedOut) }; s.raise(r).await.unwrap(); } }).await;
    }
    let s = store.clone();
    run("raise user x1", 3000, 1, move |i| { let s = s.clone(); async move { s.raise(contract::raise(Anchor::User(UserId(u128::from(i).to_be_bytes())), Why::Everywhere)).await.unwrap(); } }).await;
    let s = store.clone();
    run("touch x64", 100_000, 64, move |i| { let s = s.clone(); async move { s.touch(vec![Seen { session: SessionId(u128::from(i+1).to_be_bytes()), row: i+1, at: NOW.plus_secs(60) }]).await.unwrap(); } }).await;
    let t = Instant::now(); let mut k = 0u64; let mut steps = 0; let mut worst=0;
    loop { let t1=Instant::now(); let w = store.sweep(NOW, 86400, 86400*90, 1000).await.unwrap(); worst=worst.max(t1.elapsed().as_micros()); k += 1000; steps += 1; if !w.more { break } }
    println!("sweep {k} rows {:?} steps {steps} worst {worst} us", t.elapsed());
    println!("wal {} MB db {} MB", std::fs::metadata(dir.join("m.db-wal")).unwrap().len()>>20, std::fs::metadata(&path).unwrap().len()>>20);
    store.close().await.unwrap(); drop(store);
    let t = Instant::now();
    let store = SqliteStore::open(SqliteOptions::new(path, Incarnation([1;16]))).unwrap();
    println!("open {:?}", t.elapsed());
    let t = Instant::now(); let (mut after, mut count) = (0, 0);
    loop { let page = store.unended(after, 10_000, NOW).await.unwrap(); let Some(l) = page.last() else { break }; after = l.row; count += page.len(); }
    println!("unended {count} {:?}", t.elapsed());
}
