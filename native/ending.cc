#include "ending.h"

#include <errno.h>
#include <signal.h>

#include <algorithm>
#include <iterator>

#include "identity.h"

namespace sentry {

namespace {

constexpr int kRounds = 8;    // of listing and telling, before others are looked after
constexpr int kSoonMs = 5;    // somebody goes on coming again
constexpr int kDeafMs = 100;  // somebody cannot be waited for, cannot be told or is not shown, or there is no list to be had

// Its group now; it may have been taken up out of the group that the run's first process led.
int group_of(const Watched& process) {
  const auto stat = read_stat(process.pid);
  return stat && stat->start_ticks == process.start_ticks && stat->group > 0 ? stat->group : process.group;
}

bool is_told(const Watched& process, int pid, uint64_t start_ticks, int signal) {
  const auto known = process.descendants.find(pid);
  if (known == process.descendants.end() || known->second.start_ticks != start_ticks) return false;
  return std::count(known->second.signals.begin(), known->second.signals.end(), signal) > 0;
}

}  // namespace

void Endings::ask(RunId run, int signal, Scope scope) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  Ending& ending = endings_[run];
  ending.signal = signal;
  ending.scope = scope;
  ending.asked = found->second.ended && !ending.cleared;
  due_.insert(run);
}

int Endings::advance() {
  if (due_.empty()) return -1;
  std::unordered_map<RunId, Members> left;
  bool news = true;
  for (int round = 0; news && round < kRounds; ++round) {
    news = false;
    kin_.look_anew();
    for (const RunId run : due_) {
      Watched& process = runs_.at(run);
      Ending& ending = endings_.at(run);
      Members members = this->members(process, ending.scope);
      if (tell(process, ending, members)) news = true;
      left.insert_or_assign(run, std::move(members));
    }
  }
  kin_.look_anew();  // for the second word
  int wait_ms = -1;
  for (const RunId run : std::exchange(due_, {})) {
    Ending& ending = endings_.at(run);
    const Members& members = left.at(run);
    int again_ms = settle(runs_.at(run), ending, members);
    if (ending.missed) again_ms = sooner(again_ms, kDeafMs);
    if (news && ending.signal == SIGKILL && members && !members->empty()) again_ms = sooner(again_ms, kSoonMs);
    if (again_ms >= 0) due_.insert(run);
    wait_ms = sooner(wait_ms, again_ms);
  }
  return wait_ms;
}

// The second word, where a list has said that nobody is left.
bool Endings::is_clear(Watched& process, Scope scope) {
  if (scope == Scope::tree) return kin_.is_alone(process);
  const Members left = members(process, scope);
  return left && left->empty();
}

// The run's own process is one as long as it has not ended.
Endings::Members Endings::members(Watched& process, Scope scope) {
  Members members = scope == Scope::process ? std::vector<Process>{} : kin_.of(process);
  if (!members) return members;
  if (scope == Scope::group) {
    const int group = group_of(process);
    std::erase_if(*members, [group](const Process& one) { return one.stat.group != group; });
  }
  return members;
}

// Those of the list who are to be told now. Before anybody of it is: whose parent is told with it, is told as well.
std::vector<Process> Endings::newcomers(const Watched& process, Ending& ending, const std::vector<Process>& members) {
  std::unordered_map<int, const Process*> by_pid;
  for (const Process& member : members) by_pid.emplace(member.pid, &member);
  const auto is_reaction = [&](const Process& member) {
    int parent = member.stat.parent;
    for (size_t height = 0; height <= members.size(); ++height) {  // numbers that come round could make a ring
      if (parent == process.pid) return !process.ended && is_told(process, parent, process.start_ticks, ending.signal);
      const auto found = by_pid.find(parent);
      if (found == by_pid.end()) return false;
      const Process& one = *found->second;
      if (is_told(process, one.pid, one.stat.start_ticks, ending.signal)) return await_end(process.run, ending, one);
      parent = one.stat.parent;
    }
    return false;
  };
  std::vector<Process> found;
  std::copy_if(members.begin(), members.end(), std::back_inserter(found), [&](const Process& member) {
    if (is_told(process, member.pid, member.stat.start_ticks, ending.signal)) return false;
    return ending.signal == SIGKILL || !is_reaction(member);
  });
  return found;
}

// Whether there was anybody new. The process itself is told also where there is no list.
bool Endings::tell(Watched& process, Ending& ending, const Members& members) {
  const auto send = [&](int pid, uint64_t start_ticks, const Fd& pidfd) {
    send_signal(pidfd, ending.signal);
    if (ending.signal != SIGKILL && ending.signal != SIGCONT) send_signal(pidfd, SIGCONT);
    Descendant& told = process.descendants[pid];
    if (told.start_ticks != start_ticks) told = {start_ticks, {}};
    told.signals.push_back(ending.signal);
  };

  ending.missed = false;
  const auto newcomers = this->newcomers(process, ending, members.value_or(std::vector<Process>{}));
  bool news = false, killed = ending.signal != SIGKILL || ending.scope != Scope::tree || !process.own_cgroup;
  if (!process.ended && !is_told(process, process.pid, process.start_ticks, ending.signal)) {
    send(process.pid, process.start_ticks, process.pidfd);
    news = true;
  }
  for (const Process& member : newcomers) {
    // All at once, and whoever has been born meanwhile.
    if (!std::exchange(killed, true)) process.own_cgroup->kill();
    const auto opened = open_process(member.pid, member.stat.start_ticks);
    const auto* pidfd = std::get_if<Fd>(&opened);
    // Its number means it for as long as it is there, so what is true of the number is true of it.
    if (pidfd && (!process.own_cgroup || process.own_cgroup->holds(member.pid))) {
      send(member.pid, member.stat.start_ticks, *pidfd);
      news = true;
    } else if (pidfd || std::get<Fault>(opened).error != ESRCH) {
      ending.missed = true;
    }
  }
  return news && ending.scope != Scope::process;
}

// When it is to be looked at again; -1: when somebody has ended.
int Endings::settle(Watched& process, Ending& ending, const Members& members) {
  if (!members) return kDeafMs;
  if (!ending.asked) return -1;
  if (members->empty()) {
    if (!is_clear(process, ending.scope)) return kDeafMs;
    ending.asked = false;
    ending.cleared = true;
    await_no_more(process.run);
    post_(ClearedFact{process.run});
    return -1;
  }
  bool deaf = false;
  for (const Process& member : *members) deaf = !await(process.run, ending, member) || deaf;
  if (deaf) return kDeafMs;
  return ending.awaited == 0 ? kSoonMs : -1;  // they were gone before they could be waited for
}

// False where it cannot be waited for, which goes for one that has moved here and is waited for elsewhere as well.
bool Endings::await(RunId run, Ending& ending, const Process& member) {
  const auto known = awaited_.find(member.pid);
  if (known != awaited_.end() && known->second.start_ticks == member.stat.start_ticks) return known->second.run == run;
  if (known != awaited_.end()) look_at(member.pid);  // its number has come round
  auto opened = open_process(member.pid, member.stat.start_ticks);
  if (const auto* fault = std::get_if<Fault>(&opened)) return fault->error == ESRCH;
  Fd& pidfd = std::get<Fd>(opened);
  if (!wait_set_.add(pidfd.get(), WaitSet::Kind::member, member.pid)) return false;
  awaited_.emplace(member.pid, Awaited{run, member.stat.start_ticks, std::move(pidfd)});
  ++ending.awaited;
  return true;
}

// Of one that reacts: who has lost it is no reaction any more. False where it has ended by now.
bool Endings::await_end(RunId run, Ending& ending, const Process& reacting) {
  if (!await(run, ending, reacting)) return ending.missed = true;
  const auto found = awaited_.find(reacting.pid);
  if (found == awaited_.end()) return false;
  return found->second.reacts = true;
}

void Endings::look_at(int pid) {
  const auto found = awaited_.find(pid);
  if (found == awaited_.end()) return;
  const RunId run = found->second.run;
  const bool reacted = found->second.reacts;
  wait_set_.remove(found->second.pidfd.get());
  awaited_.erase(found);
  if (--endings_.at(run).awaited == 0 || reacted) due_.insert(run);
}

void Endings::await_no_more(RunId run) {
  if (endings_.at(run).awaited == 0) return;
  std::erase_if(awaited_, [&](const auto& one) {
    if (one.second.run != run) return false;
    wait_set_.remove(one.second.pidfd.get());
    return true;
  });
  endings_.at(run).awaited = 0;
}

void Endings::forget(RunId run) {
  due_.erase(run);
  if (!endings_.contains(run)) return;
  await_no_more(run);
  endings_.erase(run);
}

void Endings::inspect(RunId run, Scope scope) {
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  Watched& process = found->second;
  Members members = this->members(process, scope);
  if (!members) return;
  if (const auto own = read_stat(process.pid); !process.ended && own) members->push_back({process.pid, *own});
  SurvivingFact fact{run, {}};
  for (const Process& member : *members) {
    const auto opened = open_process(member.pid, member.stat.start_ticks);
    const auto* pidfd = std::get_if<Fd>(&opened);
    const int error = pidfd ? send_signal(*pidfd, 0) : std::get<Fault>(opened).error;
    if (error != ESRCH) fact.survivors.push_back({member.pid, member.stat.name, member.stat.state, error});
  }
  if (!fact.survivors.empty()) post_(std::move(fact));
}

}  // namespace sentry
