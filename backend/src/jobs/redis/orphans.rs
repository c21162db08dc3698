//! What consumers that are gone have taken and not done.

use redis::RedisResult;
use redis::aio::MultiplexedConnection;

use super::{CONSUMER, PROCESSING, QUEUE};

/// How many keys one step of a scan looks at.
const STEP: u32 = 1_000;

/// Hands the items of consumers that are gone back to the list, in their old places: the oldest
/// is the next to be taken. An item that is handed on twice is the same request twice, which its
/// key makes one.
pub(super) async fn hand_back(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let mut cursor = 0_u64;
    loop {
        let (next, keys): (u64, Vec<String>) = redis::cmd("SCAN")
            .arg(cursor)
            .arg("MATCH")
            .arg(format!("{PROCESSING}*"))
            .arg("COUNT")
            .arg(STEP)
            .query_async(connection)
            .await?;
        for key in keys {
            let Some(consumer) = key.strip_prefix(PROCESSING) else {
                continue;
            };
            let lives: bool = redis::cmd("EXISTS")
                .arg(format!("{CONSUMER}{consumer}"))
                .query_async(connection)
                .await?;
            if !lives {
                hand_back_of(connection, &key).await?;
            }
        }
        if next == 0 {
            return Ok(());
        }
        cursor = next;
    }
}

async fn hand_back_of(connection: &mut MultiplexedConnection, key: &str) -> RedisResult<()> {
    loop {
        let moved: Option<Vec<u8>> = redis::cmd("LMOVE")
            .arg(key)
            .arg(QUEUE)
            .arg("LEFT")
            .arg("RIGHT")
            .query_async(connection)
            .await?;
        if moved.is_none() {
            return Ok(());
        }
        tracing::info!("a request whose consumer is gone is handed on");
    }
}
