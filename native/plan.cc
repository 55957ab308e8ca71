#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "account.h"

namespace sentry {

namespace {

constexpr std::pair<std::string_view, int> kResources[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},       {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},       {"fsize", RLIMIT_FSIZE},     {"locks", RLIMIT_LOCKS},
    {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},   {"nproc", RLIMIT_NPROC},     {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},   {"rttime", RLIMIT_RTTIME},   {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

constexpr std::string_view kListenPid = "LISTEN_PID=";
constexpr std::string_view kWatchdogPid = "WATCHDOG_PID=";
constexpr const char* kDefaultPath = "/usr/local/bin:/usr/bin:/bin";  // where PATH is not set at all. execvp(3)

// Where the digits are to be written.
char* with_room_for_pid(std::string& variable, std::string_view name) {
  variable.resize(name.size() + 10);
  return variable.data() + name.size();
}

uint64_t kernel_limit(int64_t value) noexcept { return value < 0 ? ~uint64_t{0} : static_cast<uint64_t>(value); }

const char* step_name(Step step) noexcept {
  switch (step) {
    case Step::none: return "";
    case Step::descriptors: return "descriptors";
    case Step::session: return "setsid";
    case Step::priority: return "nice";
    case Step::oom_score_adj: return "oomScoreAdj";
    case Step::limit: return "limits";
    case Step::groups: return "groups";
    case Step::group_id: return "group";
    case Step::user_id: return "user";
    case Step::directory: return "chdir";
    case Step::privileges: return "noNewPrivileges";
    case Step::exec: return "exec";
  }
  return "";
}

}  // namespace

std::optional<FileLimit> file_limit_before_node() noexcept {
  rlimit own{};
  if (getrlimit(RLIMIT_NOFILE, &own) < 0) return std::nullopt;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/limits", getppid());
  std::FILE* file = std::fopen(path, "re");
  if (!file) return std::nullopt;
  std::optional<FileLimit> found;
  char line[256];
  unsigned long long soft = 0;
  while (!found && std::fgets(line, sizeof line, file)) {
    if (std::sscanf(line, "Max open files %llu", &soft) == 1) {
      found = FileLimit{std::min<uint64_t>(soft, own.rlim_max), own.rlim_max};
    }
  }
  std::fclose(file);
  return found;
}

std::variant<std::unique_ptr<Plan>, Fault> Plan::make(Request request, int null_fd,
                                                      const std::optional<FileLimit>& file_limit) {
  std::unique_ptr<Plan> plan(new Plan(std::move(request)));
  const Request& asked = plan->request_;
  ChildPlan& child = plan->child_;

  child.umask = asked.umask.value_or(-1);
  child.set_nice = asked.nice.has_value();
  child.nice = asked.nice.value_or(0);
  if (asked.oom_score_adj) {
    plan->oom_score_adj_ = std::to_string(*asked.oom_score_adj);
    child.oom_score_adj = plan->oom_score_adj_.c_str();
    child.oom_score_adj_length = static_cast<long>(plan->oom_score_adj_.size());
  }
  child.cwd = asked.cwd.c_str();
  child.no_new_privileges = asked.no_new_privileges;

  if (auto fault = plan->plan_descriptors(null_fd)) return *fault;
  if (auto fault = plan->plan_identity()) return *fault;
  if (auto fault = plan->plan_limits(file_limit)) return *fault;
  plan->plan_candidates();
  plan->plan_vectors();
  return plan;
}

// Numbers between those that are passed and the readiness pipe's stay free.
std::optional<Fault> Plan::plan_descriptors(int null_fd) {
  keep_ = {null_fd, null_fd, null_fd};
  keep_.insert(keep_.end(), request_.pass.begin(), request_.pass.end());
  if (request_.ready_fd) {
    const int ready = *request_.ready_fd;
    if (ready < static_cast<int>(keep_.size())) return Fault{"readyFd", EBUSY, std::to_string(ready)};
    keep_.resize(static_cast<size_t>(ready) + 1, -1);
  }
  scratch_.resize(keep_.size());
  child_.keep = keep_.data();
  child_.keep_count = static_cast<int>(keep_.size());
  child_.scratch = scratch_.data();
  return std::nullopt;
}

std::optional<Fault> Plan::plan_identity() {
  if (!request_.user && !request_.group && !request_.groups) return std::nullopt;
  Account account{getuid(), getgid(), {}, "", "", ""};
  if (request_.user) {
    auto found = find_account(*request_.user);
    if (auto* fault = std::get_if<Fault>(&found)) return *fault;
    account = std::get<Account>(std::move(found));
    // Said in the configuration, these stand; the caller leaves out those that Sentry itself was started with.
    const std::pair<const char*, const std::string&> own[] = {
        {"HOME", account.home}, {"USER", account.name}, {"LOGNAME", account.name}, {"SHELL", account.shell}};
    for (const auto& [name, value] : own)
      if (!env(name)) request_.env.push_back(std::string(name) + "=" + value);
  }
  if (request_.group) {
    auto found = find_group(*request_.group);
    if (auto* fault = std::get_if<Fault>(&found)) return *fault;
    account.gid = std::get<gid_t>(found);
  }
  groups_ = std::move(account.groups);
  if (request_.groups) {
    groups_.clear();
    for (const std::string& name : *request_.groups) {
      auto found = find_group(name);
      if (auto* fault = std::get_if<Fault>(&found)) return *fault;
      groups_.push_back(std::get<gid_t>(found));
    }
  }
  // An ordinary user who names itself changes nothing, and may not call setgroups(2).
  const bool same = account.uid == geteuid() && account.gid == getegid() && !request_.groups && geteuid() != 0;
  child_.set_groups = !same && (request_.user || request_.groups);
  child_.groups = groups_.data();
  child_.group_count = static_cast<int>(groups_.size());
  child_.set_ids = !same;
  child_.uid = account.uid;
  child_.gid = account.gid;
  return std::nullopt;
}

std::optional<Fault> Plan::plan_limits(const std::optional<FileLimit>& file_limit) {
  bool files_named = false;
  for (const Limit& limit : request_.limits) {
    const auto* known = std::find_if(std::begin(kResources), std::end(kResources),
                                     [&](const auto& resource) { return resource.first == limit.resource; });
    if (known == std::end(kResources)) return Fault{"limits", EINVAL, limit.resource};
    files_named |= known->second == RLIMIT_NOFILE;
    limits_.push_back({known->second, {kernel_limit(limit.soft), kernel_limit(limit.hard)}});
  }
  if (file_limit && !files_named) limits_.push_back({RLIMIT_NOFILE, {file_limit->soft, file_limit->hard}});
  child_.limits = limits_.data();
  child_.limit_count = static_cast<int>(limits_.size());
  return std::nullopt;
}

// PATH is that of the child's environment, not ours. An empty part of it means the working directory. execvp(3)
void Plan::plan_candidates() {
  if (request_.command.find('/') != std::string::npos) {
    candidates_.push_back(request_.command);
  } else {
    const std::string path = env("PATH").value_or(kDefaultPath);
    for (size_t begin = 0, end = 0; begin <= path.size(); begin = end + 1) {
      end = std::min(path.find(':', begin), path.size());
      const std::string folder = path.substr(begin, end - begin);
      candidates_.push_back((folder.empty() ? "." : folder) + "/" + request_.command);
    }
  }
  for (const std::string& candidate : candidates_) candidate_pointers_.push_back(candidate.c_str());
  candidate_pointers_.push_back(nullptr);
  child_.candidates = candidate_pointers_.data();
}

void Plan::plan_vectors() {
  for (std::string& word : request_.argv) argv_.push_back(word.data());
  argv_.push_back(nullptr);
  for (std::string& variable : request_.env) {
    if (variable.starts_with(kListenPid)) child_.listen_pid = with_room_for_pid(variable, kListenPid);
    if (variable.starts_with(kWatchdogPid)) child_.watchdog_pid = with_room_for_pid(variable, kWatchdogPid);
    envp_.push_back(variable.data());
  }
  envp_.push_back(nullptr);
  child_.argv = argv_.data();
  child_.envp = envp_.data();
}

void Plan::set_standard(int in, int out, int err) noexcept {
  keep_[0] = in;
  keep_[1] = out;
  keep_[2] = err;
}

int Plan::highest_kept() const noexcept { return *std::max_element(keep_.begin(), keep_.end()); }

std::optional<std::string> Plan::env(std::string_view name) const {
  for (const std::string& variable : request_.env)
    if (variable.size() > name.size() && variable[name.size()] == '=' && variable.starts_with(name))
      return variable.substr(name.size() + 1);
  return std::nullopt;
}

// Who stays the same user was refused the group.
Fault Plan::identity_fault(int error) const {
  if (child_.uid != geteuid()) return Fault{"user", error, request_.user.value_or("")};
  return Fault{"group", error, request_.group.value_or(request_.user.value_or(""))};
}

Fault Plan::fault() const {
  // Those that come with the user: nobody has asked for them by name.
  if (child_.failed == Step::groups && !request_.groups) return identity_fault(child_.error);
  Fault fault{step_name(child_.failed), child_.error, ""};
  switch (child_.failed) {
    case Step::directory: fault.subject = request_.cwd; break;
    case Step::limit:
      for (const auto& [name, number] : kResources)
        if (number == limits_[static_cast<size_t>(child_.failed_limit)].resource) fault.subject = name;
      break;
    case Step::user_id: fault.subject = request_.user.value_or(""); break;
    case Step::group_id: fault.subject = request_.group.value_or(request_.user.value_or("")); break;
    case Step::oom_score_adj: fault.subject = oom_score_adj_; break;
    case Step::priority: fault.subject = std::to_string(child_.nice); break;
    default: fault.subject = request_.command;
  }
  return fault;
}

}  // namespace sentry
