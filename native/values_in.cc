#include "values.h"

namespace sentry {

int integer(const Napi::Value& value) { return value.ToNumber().Int32Value(); }

int64_t long_integer(const Napi::Value& value) { return value.ToNumber().Int64Value(); }

std::optional<int> integer_or_null(const Napi::Value& value) {
  return value.IsNumber() ? std::optional(integer(value)) : std::nullopt;
}

Scope scope_of(const Napi::Value& value) {
  const std::string word = value.ToString();
  return word == "process" ? Scope::process : word == "group" ? Scope::group : Scope::tree;
}

std::optional<std::string> text_or_null(const Napi::Value& value) {
  return value.IsString() ? std::optional(value.As<Napi::String>().Utf8Value()) : std::nullopt;
}

std::string bytes_of(const Napi::Value& text) {
  size_t size = 0;
  napi_get_value_string_latin1(text.Env(), text, nullptr, 0, &size);
  std::string bytes(size, '\0');  // a string has room for the NUL that is written behind it
  napi_get_value_string_latin1(text.Env(), text, bytes.data(), size + 1, &size);
  return bytes;
}

namespace {

std::string text(const Napi::Object& object, const char* key) { return object.Get(key).ToString(); }

Fd fd_or_null(const Napi::Value& value) { return Fd(integer_or_null(value).value_or(-1)); }

// Where a stream goes: a sink's number, kInherited, or nowhere.
std::optional<int> destination_of(const Napi::Value& value) {
  return value.IsString() ? std::optional(kInherited) : integer_or_null(value);
}

Format format_of(const Napi::Value& value) {
  const std::string word = value.ToString();
  return word == "json" ? Format::json : word == "prefixed" ? Format::prefixed : Format::raw;
}

template <typename Take>
void for_each(const Napi::Value& list, Take take) {
  if (!list.IsArray()) return;
  const auto array = list.As<Napi::Array>();
  for (uint32_t n = 0; n < array.Length(); ++n) take(array.Get(n));
}

std::optional<Threads> threads_of(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  Threads threads;
  threads.born_ns = long_integer(object.Get("bornNs"));
  threads.countable = object.Get("countable").ToBoolean();
  threads.living = integer(object.Get("living"));
  threads.leader_over = object.Get("leaderOver").ToBoolean();
  threads.last_exit_ns = long_integer(object.Get("lastExitNs"));
  return threads;
}

Descendants descendants_of(const Napi::Value& list) {
  Descendants descendants;
  for_each(list, [&](const Napi::Value& value) {
    const auto one = value.As<Napi::Object>();
    Descendant descendant{static_cast<uint64_t>(long_integer(one.Get("startTicks"))), {}};
    for (const std::string& name : texts(one.Get("signals"))) descendant.signals.push_back(signal_number(name));
    descendants.emplace(integer(one.Get("pid")), std::move(descendant));
  });
  return descendants;
}

Channels channels_of(const Napi::Value& notify, const Napi::Value& ready) {
  Channels channels;
  channels.ready = fd_or_null(ready);
  if (!notify.IsObject()) return channels;
  channels.notify_name = text(notify.As<Napi::Object>(), "name");
  channels.notify = fd_or_null(notify.As<Napi::Object>().Get("fd"));
  return channels;
}

// A subscription to process events, where there is one.
std::optional<ProcEvents> events_of(const Napi::Value& value) {
  if (!value.IsObject()) return std::nullopt;
  const auto about = value.As<Napi::Object>();
  return ProcEvents::inherit(Fd(integer(about.Get("fd"))), about.Get("drops").ToNumber().Uint32Value());
}

}  // namespace

std::vector<std::string> texts(const Napi::Value& list) {
  std::vector<std::string> out;
  for_each(list, [&](const Napi::Value& value) { out.push_back(value.ToString()); });
  return out;
}

std::vector<int> integers(const Napi::Value& list) {
  std::vector<int> out;
  for_each(list, [&](const Napi::Value& value) { out.push_back(integer(value)); });
  return out;
}

Request request_of(const Napi::Object& object) {
  Request request;
  request.run = long_integer(object.Get("run"));
  request.command = text(object, "command");
  request.argv = texts(object.Get("argv"));
  request.env = texts(object.Get("env"));
  request.cwd = text(object, "cwd");
  request.umask = integer_or_null(object.Get("umask"));
  request.user = text_or_null(object.Get("user"));
  request.group = text_or_null(object.Get("group"));
  if (object.Get("groups").IsArray()) request.groups = texts(object.Get("groups"));
  request.nice = integer_or_null(object.Get("nice"));
  request.oom_score_adj = integer_or_null(object.Get("oomScoreAdj"));
  request.no_new_privileges = object.Get("noNewPrivileges").ToBoolean();
  for_each(object.Get("limits"), [&](const Napi::Value& value) {
    const auto limit = value.As<Napi::Array>();
    request.limits.push_back({limit.Get(0u).ToString(), long_integer(limit.Get(1u)), long_integer(limit.Get(2u))});
  });
  request.pass = integers(object.Get("pass"));
  request.notify = text_or_null(object.Get("notify"));
  request.ready_fd = integer_or_null(object.Get("readyFd"));
  request.tell_lines = object.Get("tellLines").ToBoolean();
  request.out_sink = destination_of(object.Get("stdout"));
  request.err_sink = destination_of(object.Get("stderr"));
  request.label = text(object, "label");
  request.slot = integer(object.Get("slot"));
  request.colour = text_or_null(object.Get("colour")).value_or("");
  request.kept = text(object, "kept");
  request.mark = text_or_null(object.Get("mark")).value_or("");
  return request;
}

Adopted adopted_of(const Napi::Object& object) {
  Adopted process;
  process.run = long_integer(object.Get("run"));
  process.pid = integer(object.Get("pid"));
  process.start_ticks = static_cast<uint64_t>(long_integer(object.Get("startTicks")));
  process.pidfd = fd_or_null(object.Get("pidfd"));
  process.ended = object.Get("ended").ToBoolean();
  process.out_pipe = static_cast<ino_t>(long_integer(object.Get("outPipe")));
  process.err_pipe = static_cast<ino_t>(long_integer(object.Get("errPipe")));
  process.cgroup = text_or_null(object.Get("cgroup")).value_or("");
  process.mark = text_or_null(object.Get("mark")).value_or("");
  process.descendants = descendants_of(object.Get("descendants"));
  process.channels = channels_of(object.Get("notify"), object.Get("readyPipe"));
  process.inherited_rss = long_integer(object.Get("inheritedRss"));
  process.threads = threads_of(object.Get("threads"));
  process.kept = text(object, "kept");
  return process;
}

Intake intake_of(const Napi::Object& object) {
  Intake intake;
  intake.run = long_integer(object.Get("run"));
  intake.stream = integer(object.Get("stream"));
  intake.pipe = Fd(integer(object.Get("fd")));
  intake.sink = integer(object.Get("sink"));
  intake.label = text(object, "label");
  intake.slot = integer(object.Get("slot"));
  intake.colour = text_or_null(object.Get("colour")).value_or("");
  intake.open = object.Get("open").ToBoolean();
  intake.tell = object.Get("tell").ToBoolean();
  intake.kept = text(object, "kept");
  return intake;
}

LogFile log_file_of(const Napi::Object& object) {
  LogFile file;
  file.path = text(object, "path");
  file.format = format_of(object.Get("format"));
  file.max_size = static_cast<off_t>(long_integer(object.Get("maxSize")));
  file.keep = integer(object.Get("keep"));
  file.echo = integer_or_null(object.Get("echo")).value_or(0);
  return file;
}

UnixListener listener_of(std::string path, const Napi::Object& object) {
  UnixListener listener{Fd(integer(object.Get("fd"))), std::move(path)};
  listener.device = static_cast<dev_t>(long_integer(object.Get("device")));
  listener.inode = static_cast<ino_t>(long_integer(object.Get("inode")));
  return listener;
}

std::vector<Root> roots_of(const Napi::Value& list) {
  std::vector<Root> roots;
  for_each(list, [&](const Napi::Value& value) {
    const auto root = value.As<Napi::Object>();
    roots.push_back({integer(root.Get("pid")), static_cast<uint64_t>(long_integer(root.Get("startTicks")))});
  });
  return roots;
}

Host::Inherited inherited_of(const Napi::Value& value) {
  Host::Inherited inherited;
  if (!value.IsObject()) return inherited;
  const auto object = value.As<Napi::Object>();
  if (auto events = events_of(object.Get("events"))) inherited.events.emplace(std::move(*events));
  if (auto forks = events_of(object.Get("forks"))) inherited.forks.emplace(std::move(*forks));
  if (const Napi::Value signals = object.Get("signals"); signals.IsObject()) {
    const auto about = signals.As<Napi::Object>();
    inherited.signals_pipe = Fd(integer(about.Get("fd")));
    inherited.record_bytes = about.Get("size").ToNumber().Uint32Value();
  }
  if (const Napi::Value limit = object.Get("fileLimit"); limit.IsArray()) {
    const auto pair = limit.As<Napi::Array>();
    inherited.file_limit = FileLimit{static_cast<uint64_t>(long_integer(pair.Get(0u))),
                                     static_cast<uint64_t>(long_integer(pair.Get(1u)))};
  }
  return inherited;
}

}  // namespace sentry
