// What native threads tell TypeScript. Facts go through one channel, in the order in which they were posted:
// a run's Spawned never after its Exit.
#pragma once
#include <cstdint>
#include <functional>
#include <variant>

#include "exit.h"
#include "fault.h"

namespace sentry {

using RunId = int64_t;  // given by the caller at spawn, echoed in every fact about that process

struct SpawnedFact { RunId run; int pid; Stamp at; };
struct FaultFact { RunId run; Fault fault; Stamp at; };
struct ExitFact { RunId run; Exit exit; };
// sigaction(2): si_pid, si_uid, si_code. `terminal_gone`: a SIGHUP, and the controlling terminal that we had is no more.
struct SignalFact { int signal; int pid; int uid; bool from_kernel; Stamp at; bool terminal_gone = false; };
struct LostFact { const char* what; int64_t count; };  // "processEvents" or "output": dropped, and how many
struct FlushedFact { int64_t token; };                 // the pump has done, or dropped, all that was asked before

using Fact = std::variant<SpawnedFact, FaultFact, ExitFact, SignalFact, LostFact, FlushedFact>;

// Callable from any thread; never blocks.
using Post = std::function<void(Fact)>;

}  // namespace sentry
