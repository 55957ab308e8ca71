// All memory that a child needs, laid out before the clone: after it nothing may be allocated or looked up.
//
// A Request is what the caller asks for, in its words; a Plan is what the child works through. Making one may block
// (name services, a slow disk) and may fail, so it is done on a spawning thread, and what fails is a Fault like any other.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "after_clone.h"
#include "fact.h"
#include "fd.h"

namespace sentry {

constexpr int64_t kUnlimited = -1;

// In the place of a sink: our own stdout or stderr itself goes to the child, and there is no pipe.
constexpr int kInherited = -1;

struct Limit {
  std::string resource;  // getrlimit(2)'s name in lower case, without RLIMIT_: "nofile"
  int64_t soft = kUnlimited;
  int64_t hard = kUnlimited;
};

struct Request {
  RunId run = 0;
  std::string command;  // a path with a slash, or a name to be looked up in the PATH of `env`
  std::vector<std::string> argv;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<int> umask;
  std::optional<std::string> user;
  std::optional<std::string> group;
  std::optional<std::vector<std::string>> groups;
  std::optional<int> nice;
  std::optional<int> oom_score_adj;
  bool no_new_privileges = false;
  std::vector<Limit> limits;
  std::vector<int> pass;  // descriptors that become 3, 4, … of the child
  std::optional<std::string> notify;  // its socket is to have this name (notify.h)
  std::optional<int> ready_fd;        // above those that are passed: the write end of a pipe
  bool tell_lines = false;          // what it prints is told to JavaScript as well
  std::optional<int> out_sink = 0;  // or kInherited; none: /dev/null, and no pipe
  std::optional<int> err_sink = 0;
  std::string label;
  int slot = 0;
  std::string colour;
  std::string kept;  // the keeper files the run's descriptors under this
  std::string mark;  // the value of its SENTRY_RUN, which is in `env` as well
};

// The soft and hard limit of open files that children start with. Node raises its own soft limit to the hard one
// before any script runs; what it was is still the limit of the process that started Sentry. /proc/PPID/limits.
struct FileLimit {
  uint64_t soft = 0;
  uint64_t hard = 0;
};
std::optional<FileLimit> file_limit_before_node() noexcept;

class Plan {
 public:
  // `null_fd` is the child's stdin.
  static std::variant<std::unique_ptr<Plan>, Fault> make(Request request, int null_fd,
                                                         const std::optional<FileLimit>& file_limit);

  // Where the three standard descriptors come from, in this process; set just before the clone.
  void set_standard(int in, int out, int err) noexcept;
  void set_ready(int fd) noexcept { keep_[static_cast<size_t>(*request_.ready_fd)] = fd; }
  // The number that all kept descriptors are below.
  int highest_kept() const noexcept;

  ChildPlan& child() noexcept { return child_; }
  const Request& request() const noexcept { return request_; }
  bool changes_user() const noexcept { return child_.set_ids; }
  uid_t uid() const noexcept { return child_.uid; }
  gid_t gid() const noexcept { return child_.gid; }
  // Of whom it is not allowed to become.
  Fault identity_fault(int error) const;
  // The child's answer as a Fault. Only where child().failed says that there is one.
  Fault fault() const;

  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

 private:
  explicit Plan(Request request) : request_(std::move(request)) {}
  std::optional<Fault> plan_descriptors(int null_fd);
  std::optional<Fault> plan_identity();
  std::optional<Fault> plan_limits(const std::optional<FileLimit>& file_limit);
  void plan_candidates();
  void plan_vectors();
  std::optional<std::string> env(std::string_view name) const;

  Request request_;
  ChildPlan child_{};
  std::vector<int> keep_;
  std::vector<int> scratch_;
  std::vector<ChildLimit> limits_;
  std::vector<gid_t> groups_;
  std::string oom_score_adj_;
  std::vector<std::string> candidates_;
  std::vector<const char*> candidate_pointers_;
  std::vector<char*> argv_;
  std::vector<char*> envp_;
};

}  // namespace sentry
