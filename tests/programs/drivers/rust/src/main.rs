//! Opens what stands on each line of the standard input, as JSON, and prints what it is told there.

use std::error::Error;
use std::io::BufRead as _;

use sqlx::Connection as _;

async fn answer(driver: &str, text: &str, sql: &str) -> Result<String, Box<dyn Error>> {
    if driver == "tokio_postgres" {
        let (client, connection) = tokio_postgres::connect(text, tokio_postgres::NoTls).await?;
        let running = tokio::spawn(connection);
        let said = client.query_one(sql, &[]).await?.try_get(0)?;
        drop(client);
        running.await??;
        return Ok(said);
    }
    if text.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(text).await?;
        return Ok(sqlx::query_scalar(sql).fetch_one(&mut connection).await?);
    }
    let mut connection = sqlx::PgConnection::connect(text).await?;
    Ok(sqlx::query_scalar(sql).fetch_one(&mut connection).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for line in std::io::stdin().lock().lines() {
        let asked: serde_json::Value = serde_json::from_str(&line?)?;
        let field = |name: &str| asked[name].as_str().unwrap_or_default();
        let told = match answer(field("driver"), field("text"), field("sql")).await {
            Ok(said) => serde_json::json!({ "said": said }),
            Err(error) => serde_json::json!({ "error": format!("{error}: {error:?}") }),
        };
        println!("{told}");
    }
    Ok(())
}
