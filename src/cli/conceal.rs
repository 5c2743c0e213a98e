//! What is in memory stays there.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Keep what is in memory to this process: no core dump has it, and no other process of the same user reads it or the
/// environment, in which the master key may be. Root still can.
pub(super) fn conceal() {
    // Without it the service is no less right, and where it is forbidden there is somebody who knows why.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}
