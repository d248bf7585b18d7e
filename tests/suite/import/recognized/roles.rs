//! That no database is taken away from a role that owns it.

use super::{has_section, taken};

/// A server with the password of its superuser, and these other services.
fn superusers(services: &str) -> String {
    format!(
        "services:\n  postgres:\n    image: postgres:16-bookworm\n    environment: {{ POSTGRES_PASSWORD: '${{POSTGRES_PASSWORD}}' }}\n    \
         volumes: ['pgdata:/var/lib/postgresql/data']\n{services}volumes: {{ pgdata: }}\n"
    )
}

#[test]
fn a_database_is_not_taken_away_from_a_role_that_a_command_logs_in_as() {
    for command in [
        "'-url=jdbc:postgresql://postgres:5432/shop -user=owner -password=owner-pw-0123456789x migrate'",
        "['-url=jdbc:postgresql://postgres:5432/shop', '-user=owner', '-password=owner-pw-0123456789x', migrate]",
        "sh -c 'PGPASSWORD=owner-pw-0123456789x psql -h postgres -U owner -d shop -f /x.sql'",
        "--url jdbc:postgresql://postgres/shop --username owner --password owner-pw-0123456789x update",
    ] {
        let own =
            format!("  flyway:\n    image: flyway/flyway:10\n    command: {command}\n    depends_on: [postgres]\n");
        let said = untaken(&superusers(&own));
        assert!(said.contains("another role") || said.contains("its role is not the one"), "{command}: {said}");
        let admin = "  tool:\n    image: tool:1\n    environment: { DB_URL: \
                     'postgresql://postgres:${POSTGRES_PASSWORD}@postgres/shop' }\n";
        let said = untaken(&superusers(&[&own, admin].concat()));
        assert!(said.contains("would lose it"), "{command}: {said}");
        let elsewhere = admin.replace("postgres/shop", "postgres/stock");
        let (profile, _) = taken(&superusers(&[&own, &*elsewhere].concat()), &[]);
        assert!(has_section(&profile) && profile.contains("      postgres: stock\n"), "{profile}");
        assert_eq!(profile.matches("    database:\n").count(), 1, "{profile}");
    }
}

#[test]
fn a_database_that_another_role_opens_as_well_stays_with_all_of_its_users() {
    let admin = |name: &str| {
        format!(
            "  {name}:\n    image: a:1\n    environment: {{ DB_URL: \
             'postgresql://postgres:${{POSTGRES_PASSWORD}}@postgres/shop' }}\n"
        )
    };
    for other in [
        "{ DSN: 'postgresql://owner:owner-pw-0123456789x@postgres/shop' }",
        "{ PGHOST: postgres, PGUSER: owner, PGPASSWORD: owner-pw-0123456789x, PGDATABASE: shop }",
        "{ DSN: 'jdbc:postgresql://postgres/shop', DB_USER: owner, DB_PASSWORD: owner-pw-0123456789x }",
        "{ DSN: 'host=postgres user=owner dbname=shop password=owner-pw-0123456789x' }",
    ] {
        let other = format!("  api:\n    image: a:1\n    environment: {other}\n");
        let said = untaken(&superusers(&[admin("setup"), admin("again"), other.clone()].concat()));
        assert_eq!(said.matches("would lose it").count(), 1, "{other}: {said}");
    }
}

/// What is said of a deployment of which no service gets a database.
fn untaken(compose: &str) -> String {
    let (profile, said) = taken(compose, &[]);
    assert!(!has_section(&profile) && !profile.contains("    database:\n"), "its owner would change: {profile}");
    said
}
