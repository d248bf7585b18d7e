//! Knows what a service's role may do on the server beyond its own database, and what takes that from it.
//! Must not know how a role got it.

use serde::Deserialize;

use super::remedy::Remedies;
use super::session::Session;
use crate::deployment::{OwnedDatabase, Server};
use crate::report::Finding;
use crate::spelling::{quoted, shell_word};

const CHECK: &str = "role-rights";

/// How many rights of one role are told.
const SHOWN: usize = 12;

/// The rights of each role, as a text for people, and the statement that takes it, whose names the server itself quotes.
/// Membership in a role that leads to none of them is the administrator's to give.
/// A superuser has all, so nothing else is told of one. Who is not of the deployment is passed by.
const RIGHTS: &str = r"
SELECT coalesce(
  json_agg(json_build_object('role', rolname, 'what', what, 'taken_by', taken_by) ORDER BY rolname, rank, what), '[]'
)
FROM (
  SELECT role.oid, role.rolname, rank, what, format('ALTER ROLE %I %s', role.rolname, taken_by) AS taken_by
  FROM pg_roles AS role CROSS JOIN LATERAL (VALUES
    (1, role.rolsuper, 'is a superuser', 'NOSUPERUSER'),
    (2, role.rolcreaterole, 'may make roles', 'NOCREATEROLE'),
    (3, role.rolcreatedb, 'may make databases', 'NOCREATEDB'),
    (4, role.rolreplication, 'may read all data by replication', 'NOREPLICATION'),
    (5, role.rolbypassrls, 'passes by row security', 'NOBYPASSRLS')
  ) AS attribute (rank, has, what, taken_by) WHERE has
  UNION ALL
  SELECT role.oid, role.rolname, 6, 'is a member of ' || quote_ident(given.rolname),
    CASE WHEN direct.roleid IS NOT NULL
    THEN format('REVOKE %I FROM %I GRANTED BY %I', given.rolname, role.rolname, pg_get_userbyid(direct.grantor)) END
  FROM pg_roles AS role JOIN pg_roles AS given ON given.oid <> role.oid AND pg_has_role(role.oid, given.oid, 'MEMBER')
  LEFT JOIN pg_auth_members AS direct ON direct.member = role.oid AND direct.roleid = given.oid
  WHERE NOT role.rolsuper AND EXISTS (
    SELECT FROM pg_roles AS led_to WHERE pg_has_role(given.oid, led_to.oid, 'MEMBER') AND (led_to.oid < '16384'::oid
      OR led_to.rolsuper OR led_to.rolcreaterole OR led_to.rolcreatedb OR led_to.rolreplication OR led_to.rolbypassrls
      OR led_to.rolname = ANY (ARRAY[__ROLES__]::name[]))
  )
  UNION ALL
  SELECT role.oid, role.rolname, 7, 'may connect to ' || quote_ident(datname),
    format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', datname, role.rolname)
  FROM pg_roles AS role CROSS JOIN pg_database
  WHERE NOT role.rolsuper AND datallowconn AND datdba <> role.oid
    AND role.rolname || ':' || datname <> ALL (ARRAY[__MEMBERS__]::text[])
    AND has_database_privilege(role.oid, pg_database.oid, 'CONNECT') AND __RIGHTS_DECIDE__
  UNION ALL
  SELECT DISTINCT role.oid, role.rolname, 8, 'may change the setting ' || quote_ident(parname),
    format('REVOKE ALL ON PARAMETER %I FROM %I', parname, role.rolname)
  FROM pg_parameter_acl CROSS JOIN LATERAL aclexplode(paracl) AS acl JOIN pg_roles AS role ON role.oid = acl.grantee
  WHERE NOT role.rolsuper
) AS rights
WHERE rolname = ANY (ARRAY[__ROLES__]::name[])";

#[derive(Debug, Deserialize)]
struct Right {
    role: String,
    what: String,
    taken_by: Option<String>,
}

/// What each service's role may do that it should not.
pub(super) fn excessive(server: &Server, session: &Session<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    let mut roles: Vec<_> = server.logins().iter().map(|login| login.role.as_str()).collect();
    // whose server it is may do everything
    roles.retain(|role| *role != server.user.as_str());
    let members: Vec<_> = server.databases.iter().flat_map(members).collect();
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    let question = RIGHTS.replace("__ROLES__", &literals(&roles)).replace("__MEMBERS__", &literals(&members));
    // with an operator it is pg_hba that says who comes in where
    let rights_decide = if server.operated().is_none() { "true" } else { "false" };
    let question = question.replace("__RIGHTS_DECIDE__", rights_decide);
    let rights: Vec<Right> = match session.ask_json(&question) {
        Ok(rights) => rights,
        Err(silence) => {
            return vec![Finding::unseen(CHECK, "what the services' roles may do").shown_by(&silence.text())];
        }
    };
    let of = |role: &&str| rights.iter().filter(|right| right.role == **role).collect::<Vec<_>>();
    let finding = |role: &str| {
        let rights = of(&role);
        if rights.is_empty() {
            let message = format!("`{role}` may do nothing on the server but in its own database");
            return Finding::ok(CHECK, message);
        }
        let told: Vec<_> = rights.iter().take(SHOWN).map(|right| right.what.as_str()).collect();
        let message = format!("`{role}` may do more than a service needs: it {}", quoted_list(&told));
        let taken: Vec<_> = rights.iter().filter_map(|right| right.taken_by.as_deref()).collect();
        Finding::problem(CHECK, message, taking(&taken, remedies))
    };
    roles.into_iter().map(finding).collect()
}

/// Who may connect to a database beside its owner, because the profile says so.
fn members(database: &OwnedDatabase) -> impl Iterator<Item = String> {
    database.members.iter().map(|member| format!("{}:{}", member.login.role, database.name))
}

/// Names of the profile as literals; none of them has a quote.
fn literals(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect::<Vec<_>>().join(", ")
}

/// Each right, cut where a name in it is too long.
fn quoted_list(rights: &[&str]) -> String {
    rights.iter().map(|right| quoted(right).trim_matches('`').to_owned()).collect::<Vec<_>>().join(", ")
}

/// The command that takes all that; where a name is none that a profile could have, only what is to be done.
fn taking(statements: &[&str], remedies: &Remedies<'_>) -> String {
    let is_plain = |statement: &&&str| {
        statement.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '"' | ' ' | ',' | '.'))
    };
    let sql = statements.join("; ");
    if sql.is_empty() || !statements.iter().all(|statement| is_plain(&statement)) {
        return "take it with `ALTER ROLE` and `REVOKE`; names of other roles are not what they seem".to_owned();
    }
    remedies.there(&format!("scripts/db/psql.sh --superuser postgres -qc {}", shell_word(sql)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_quotes() {
        assert_eq!(literals(&["a", "b'; DROP"]), "'a', 'b''; DROP'");
    }
}
