// What native threads tell TypeScript. Facts go through one channel, in the order in which they were posted:
// a run's Spawned never after its Exit.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "exit.h"
#include "fault.h"

namespace sentry {

using RunId = int64_t;  // given by the caller at spawn, echoed in every fact about that process

// `start_ticks`: field 22 of /proc/PID/stat, which tells the process from a later one with its pid.
// The pipes are known by their inode numbers; they are what a restart of Sentry finds them by. 0: there is none.
struct SpawnedFact {
  RunId run;
  int pid;
  Stamp at;
  uint64_t start_ticks = 0;
  ino_t out_pipe = 0;
  ino_t err_pipe = 0;
  std::string cgroup{};  // its path; empty: it has none of its own
  std::string notify{};  // the name of its socket (channels.h); empty: there is none
};
struct FaultFact { RunId run; Fault fault; Stamp at; };
struct ExitFact { RunId run; Exit exit; bool alone = false; };  // `alone`: nothing is left of what it has started

// Answers. What somebody asks of a run after its exit is in reaper.h.
struct ClearedFact { RunId run; };
struct FollowedFact : SpawnedFact {};
struct AstrayFact {
  RunId run;
  int error = 0;        // an errno; 0: what it is stands in the message
  std::string message;  // empty: that of the errno
  std::string subject;
};
struct Survivor {
  int pid;
  std::string name;  // of its program
  char state;        // proc_pid_stat(5)
  int error;         // why it cannot be signalled, an errno; or 0
};
struct SurvivingFact { RunId run; std::vector<Survivor> survivors; };
struct Stray {
  int pid;
  std::string name;
  char state;
  uint64_t start_ticks;
};
struct StraysFact { int64_t token; std::vector<Stray> strays; };

// sigaction(2): si_pid, si_uid, si_code. `terminal_gone`: a SIGHUP, and the controlling terminal that we had is no more.
struct SignalFact { int signal; int pid; int uid; bool from_kernel; Stamp at; bool terminal_gone = false; };
struct LostFact { const char* what; int64_t count; int sink = 0; };  // "processEvents" or "output": dropped, and how many; 0: no one sink
struct RotatedFact { int sink; std::optional<Fault> fault; };  // a file of output; the fault says why it was not
struct PackedFact { int sink; };
// What a run has printed, in whole lines (telling.h); any bytes. `stream`: 0 for stdout, 1 for stderr.
struct LinesFact { RunId run; int stream; std::string text; };
struct NotifiedFact { RunId run; int pid; uid_t uid; std::string text; };  // a datagram on its socket, and whose: notify.h
struct NewlineFact { RunId run; };  // on its readiness pipe; once
struct AlarmFact {};                // the moment that was set has come, or the clock was set
struct FlushedFact { int64_t token; };                 // the pump has done, or dropped, all that was asked before
struct QuietFact {};       // no start is under way, and none will be
struct KeeperGoneFact {};  // the keeper has ended, or does not answer: nobody but us holds anything

using Fact = std::variant<SpawnedFact, FaultFact, ExitFact, ClearedFact, FollowedFact, AstrayFact, SurvivingFact, StraysFact,
                          SignalFact, LostFact, RotatedFact, PackedFact, LinesFact, NotifiedFact, NewlineFact, AlarmFact, FlushedFact, QuietFact, KeeperGoneFact>;

// Callable from any thread; never blocks.
using Post = std::function<void(Fact)>;

}  // namespace sentry
