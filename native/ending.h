// Ending what a run has started: a signal to each process of it, once, and the answer when nothing is left.
//
// One list serves for all who ask in the same moment (kin.h). A process may fork while it is listed, so it is listed
// again until nobody new is seen: then all that there is has been told, and with SIGKILL nobody of it can fork any more. Each
// signal goes by a pidfd that was opened first and found to be the listed process afterwards: no number is signalled.
//
// Of any other signal, what is forked by one that has been told is its reaction: a hook that saves something. It is not told,
// nor is what it forks in turn, as long as the one that reacts lives. Who was forked in the moment between the list and the
// signal looks the same. So it is told when it has lost that parent: the run's own process is asked about again once it has
// ended, and the ends of the others are waited for here.
//
// SIGCONT follows the signal, for a process that is stopped takes no other. It goes to those who are not stopped as well:
// whether one is, would be known too late.
//
// After the run's exit it is waited until nothing of the scope is left: by a pidfd of each that is known. When the last of
// them has ended, it is listed again. A list takes its time, and who forks and ends meanwhile may be in it no more, and its
// child not yet: so an empty one is believed when a second word says the same. Whoever cannot be killed is waited for,
// without a look; `inspect` tells who that is.
#pragma once
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fact.h"
#include "kin.h"
#include "wait_set.h"
#include "watched.h"

namespace sentry {

// The run's process alone; those of its process group; all that it has started.
enum class Scope { process, group, tree };

class Endings {
 public:
  Endings(Runs& runs, Kin& kin, const WaitSet& wait_set, Post post)
      : runs_(runs), kin_(kin), wait_set_(wait_set), post_(std::move(post)) {}

  // Done by the next advance().
  void ask(RunId run, int signal, Scope scope);
  // Somebody who was waited for.
  void look_at(int pid);
  void forget(RunId run);

  // Tells all who are to be told, and waits for them. To be called when all else is done that one waking has brought. In
  // how many milliseconds it is to be called again without one; -1: it need not.
  int advance();

  // Answered by a SurvivingFact, where something is left.
  void inspect(RunId run, Scope scope);

 private:
  struct Ending {
    int signal = 0;
    Scope scope = Scope::tree;
    bool asked = false;    // for a ClearedFact
    bool cleared = false;  // it has been posted
    bool missed = false;   // somebody could not be told
    size_t awaited = 0;    // how many
  };
  struct Awaited {
    RunId run;
    uint64_t start_ticks;
    Fd pidfd;
    bool reacts = false;  // it was told, and has forked since
  };
  using Members = std::optional<std::vector<Process>>;

  Members members(Watched& process, Scope scope);
  std::vector<Process> newcomers(const Watched& process, Ending& ending, const std::vector<Process>& members);
  bool tell(Watched& process, Ending& ending, const Members& members);
  int settle(Watched& process, Ending& ending, const Members& members);
  bool is_clear(Watched& process, Scope scope);
  bool await(RunId run, Ending& ending, const Process& member);
  bool await_end(RunId run, Ending& ending, const Process& reacting);
  void await_no_more(RunId run);

  Runs& runs_;
  Kin& kin_;
  const WaitSet& wait_set_;
  const Post post_;
  std::unordered_map<RunId, Ending> endings_;
  std::unordered_set<RunId> due_;
  std::unordered_map<int, Awaited> awaited_;
};

}  // namespace sentry
