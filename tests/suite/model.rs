//! Random sequences of what people and runs do to one output folder, against what must be true of it whatever they do.

#![expect(clippy::indexing_slicing, reason = "a test ends where something that it relies on fails")]

mod folder;
mod hand;
mod operations;
mod truth;

use proptest::test_runner::{Config, TestError, TestRunner};

use folder::References;
use operations::sequences;
use truth::Truth;

use crate::support::cases;

#[test]
fn nothing_of_the_users_is_lost_and_every_run_keeps_its_word() {
    let config = Config {
        cases: cases("CODELAB_GEN_MODEL_CASES", 24, 2000),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let references = References::new();
    let outcome = TestRunner::new(config).run(&sequences(), |operations| {
        let mut truth = Truth::new(&references);
        for operation in &operations {
            truth.perform(operation);
        }
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Abort(reason)) => panic!("{reason}"),
        Err(TestError::Fail(reason, operations)) => {
            let operations: Vec<_> = operations.iter().map(|operation| format!("{operation:?}")).collect();
            panic!("{reason}\nafter:\n{}", operations.join("\n"));
        }
    }
}
