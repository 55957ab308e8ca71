#include <cctype>
#include <cstring>

#include "values.h"

namespace sentry {

namespace {

double millis(int64_t micros) noexcept { return static_cast<double>(micros) / 1000; }

template <typename T>
Napi::Value or_null(Napi::Env env, bool there, const T& value) {
  return there ? Napi::Value::From(env, value) : env.Null();
}

template <typename List, typename Make>
Napi::Array array_of(Napi::Env env, List& list, Make make) {
  auto array = Napi::Array::New(env, list.size());
  for (uint32_t n = 0; n < list.size(); ++n) array.Set(n, make(env, list[n]));
  return array;
}

Napi::String bytes_text(Napi::Env env, const std::string& bytes) {
  napi_value text = nullptr;
  napi_create_string_latin1(env, bytes.data(), bytes.size(), &text);
  return Napi::String(env, text);
}

Napi::Object moment(Napi::Env env, const Stamp& at) {
  auto object = Napi::Object::New(env);
  object.Set("wall", static_cast<double>(at.wall_us));
  object.Set("mono", millis(at.mono_us));
  return object;
}

Napi::Object fault_object(Napi::Env env, const Fault& fault) {
  auto object = Napi::Object::New(env);
  object.Set("step", fault.step);
  object.Set("errno", errno_name(fault.error));
  object.Set("message", words(fault.error));
  object.Set("subject", fault.subject);
  return object;
}

struct FactObject {
  Napi::Env env;

  Napi::Object operator()(const SpawnedFact& fact) const { return process("spawned", fact); }
  Napi::Object operator()(const FollowedFact& fact) const { return process("followed", fact); }
  Napi::Object process(const char* kind, const SpawnedFact& fact) const {
    auto object = of(kind, fact.run);
    object.Set("pid", fact.pid);
    object.Set("startTicks", static_cast<double>(fact.start_ticks));
    object.Set("outPipe", static_cast<double>(fact.out_pipe));
    object.Set("errPipe", static_cast<double>(fact.err_pipe));
    object.Set("cgroup", or_null(env, !fact.cgroup.empty(), fact.cgroup));
    object.Set("notify", or_null(env, !fact.notify.empty(), fact.notify));
    object.Set("at", moment(env, fact.at));
    return object;
  }
  Napi::Object operator()(const FaultFact& fact) const {
    auto object = fault_object(env, fact.fault);
    object.Set("kind", "fault");
    object.Set("run", static_cast<double>(fact.run));
    object.Set("at", moment(env, fact.at));
    return object;
  }
  Napi::Object operator()(const ExitFact& fact) const {
    const Exit& exit = fact.exit;
    auto object = of("exit", fact.run);
    object.Set("pid", exit.pid);
    object.Set("code", or_null(env, exit.code >= 0, exit.code));
    object.Set("signal", or_null(env, exit.signal != 0, signal_name(exit.signal)));
    object.Set("coreDumped", exit.core_dumped);
    object.Set("at", moment(env, exit.at));
    object.Set("kernelTime", exit.kernel_time);
    object.Set("userMs", millis(exit.user_us));
    object.Set("systemMs", millis(exit.system_us));
    object.Set("maxRssBytes", or_null(env, exit.max_rss >= 0, static_cast<double>(exit.max_rss)));
    object.Set("alone", fact.alone);
    return object;
  }
  Napi::Object operator()(const ClearedFact& fact) const { return of("cleared", fact.run); }
  Napi::Object operator()(const AstrayFact& fact) const {
    auto object = of("astray", fact.run);
    object.Set("step", "follow");
    object.Set("errno", fact.error != 0 ? errno_name(fact.error) : "");
    object.Set("message", fact.message.empty() ? words(fact.error) : fact.message);
    object.Set("subject", fact.subject);
    return object;
  }
  Napi::Object operator()(const SurvivingFact& fact) const {
    auto object = of("surviving", fact.run);
    object.Set("survivors", array_of(env, fact.survivors, [](Napi::Env env, const Survivor& one) {
      auto object = Napi::Object::New(env);
      object.Set("pid", one.pid);
      object.Set("name", one.name);
      object.Set("state", std::string(1, one.state));
      object.Set("errno", one.error != 0 ? Napi::Value::From(env, errno_name(one.error)) : env.Null());
      return object;
    }));
    return object;
  }
  Napi::Object operator()(const StraysFact& fact) const {
    auto object = of("strays");
    object.Set("token", static_cast<double>(fact.token));
    object.Set("strays", array_of(env, fact.strays, [](Napi::Env env, const Stray& one) {
      auto object = Napi::Object::New(env);
      object.Set("pid", one.pid);
      object.Set("name", one.name);
      object.Set("state", std::string(1, one.state));
      object.Set("startTicks", static_cast<double>(one.start_ticks));
      return object;
    }));
    return object;
  }
  Napi::Object operator()(const SignalFact& fact) const {
    auto object = of("signal");
    object.Set("signal", signal_name(fact.signal));
    const bool sent = fact.uid != -1;
    object.Set("pid", or_null(env, sent, fact.pid));
    object.Set("uid", or_null(env, sent, static_cast<double>(static_cast<uid_t>(fact.uid))));
    object.Set("fromKernel", fact.from_kernel);
    object.Set("terminalGone", fact.terminal_gone);
    object.Set("at", moment(env, fact.at));
    return object;
  }
  Napi::Object operator()(const LostFact& fact) const {
    auto object = of("lost");
    object.Set("what", fact.what);
    object.Set("count", static_cast<double>(fact.count));
    object.Set("sink", or_null(env, fact.sink != 0, fact.sink));
    return object;
  }
  Napi::Object operator()(const RotatedFact& fact) const {
    auto object = of("rotated");
    object.Set("sink", fact.sink);
    object.Set("fault", fact.fault ? Napi::Value(fault_object(env, *fact.fault)) : env.Null());
    return object;
  }
  Napi::Object operator()(const PackedFact& fact) const {
    auto object = of("packed");
    object.Set("sink", fact.sink);
    return object;
  }
  // V8 puts U+FFFD in the place of what is not UTF-8.
  Napi::Object operator()(const LinesFact& fact) const {
    auto object = of("lines", fact.run);
    object.Set("stream", fact.stream);
    object.Set("text", fact.text);
    return object;
  }
  Napi::Object operator()(const NotifiedFact& fact) const {
    auto object = of("notified", fact.run);
    object.Set("pid", fact.pid);
    object.Set("uid", static_cast<double>(fact.uid));
    object.Set("text", fact.text);
    return object;
  }
  Napi::Object operator()(const NewlineFact& fact) const { return of("newline", fact.run); }
  Napi::Object operator()(const AlarmFact&) const { return of("alarm"); }
  Napi::Object operator()(const FlushedFact& fact) const {
    auto object = of("flushed");
    object.Set("token", static_cast<double>(fact.token));
    return object;
  }
  Napi::Object operator()(const QuietFact&) const { return of("quiet"); }
  Napi::Object operator()(const KeeperGoneFact&) const { return of("keeperGone"); }

  Napi::Object of(const char* kind) const {
    auto object = Napi::Object::New(env);
    object.Set("kind", kind);
    return object;
  }
  Napi::Object of(const char* kind, RunId run) const {
    auto object = of(kind);
    object.Set("run", static_cast<double>(run));
    return object;
  }
};

Napi::Value threads_object(Napi::Env env, const std::optional<Threads>& threads) {
  if (!threads) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("bornNs", static_cast<double>(threads->born_ns));
  object.Set("countable", threads->countable);
  object.Set("living", threads->living);
  object.Set("leaderOver", threads->leader_over);
  object.Set("lastExitNs", static_cast<double>(threads->last_exit_ns));
  return object;
}

Napi::Array descendants_array(Napi::Env env, const Descendants& descendants) {
  auto array = Napi::Array::New(env, descendants.size());
  uint32_t n = 0;
  for (const auto& [pid, descendant] : descendants) {
    auto object = Napi::Object::New(env);
    object.Set("pid", pid);
    object.Set("startTicks", static_cast<double>(descendant.start_ticks));
    object.Set("signals", array_of(env, descendant.signals, [](Napi::Env env, int signal) {
      return Napi::String::New(env, signal_name(signal));
    }));
    array.Set(n++, object);
  }
  return array;
}

Napi::Value notify_object(Napi::Env env, Channels& channels) {
  if (!channels.notify) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("name", channels.notify_name);
  object.Set("fd", channels.notify.release());
  return object;
}

Napi::Object adopted_object(Napi::Env env, Adopted& process) {
  auto object = Napi::Object::New(env);
  object.Set("run", static_cast<double>(process.run));
  object.Set("pid", process.pid);
  object.Set("startTicks", static_cast<double>(process.start_ticks));
  object.Set("pidfd", or_null(env, static_cast<bool>(process.pidfd), process.pidfd.get()));
  static_cast<void>(process.pidfd.release());
  object.Set("ended", process.ended);
  object.Set("outPipe", static_cast<double>(process.out_pipe));
  object.Set("errPipe", static_cast<double>(process.err_pipe));
  object.Set("cgroup", or_null(env, !process.cgroup.empty(), process.cgroup));
  object.Set("mark", process.mark);
  object.Set("descendants", descendants_array(env, process.descendants));
  object.Set("notify", notify_object(env, process.channels));
  object.Set("readyPipe", or_null(env, static_cast<bool>(process.channels.ready), process.channels.ready.get()));
  static_cast<void>(process.channels.ready.release());
  object.Set("inheritedRss", static_cast<double>(process.inherited_rss));
  object.Set("threads", threads_object(env, process.threads));
  object.Set("kept", process.kept);
  return object;
}

Napi::Object intake_object(Napi::Env env, Intake& intake) {
  auto object = Napi::Object::New(env);
  object.Set("run", static_cast<double>(intake.run));
  object.Set("stream", intake.stream);
  object.Set("fd", intake.pipe.release());
  object.Set("sink", intake.sink);
  object.Set("label", intake.label);
  object.Set("slot", intake.slot);
  object.Set("colour", or_null(env, !intake.colour.empty(), intake.colour));
  object.Set("open", intake.open);
  object.Set("tell", intake.tell);
  object.Set("kept", intake.kept);
  return object;
}

Napi::Object owing_object(Napi::Env env, const Owing& owing) {
  auto object = Napi::Object::New(env);
  object.Set("sink", owing.sink);
  object.Set("text", bytes_text(env, owing.text));
  return object;
}

Napi::Value events_object(Napi::Env env, std::optional<ProcEvents>& events) {
  if (!events) return env.Null();
  auto object = Napi::Object::New(env);
  object.Set("drops", events->drops());
  object.Set("fd", events->release().release());
  return object;
}

Napi::Object inherited_object(Napi::Env env, Host::Left& left) {
  auto object = Napi::Object::New(env);
  for (const char* key : {"signals", "fileLimit"}) object.Set(key, env.Null());
  object.Set("events", events_object(env, left.events));
  object.Set("forks", events_object(env, left.forks));
  if (left.signals) {
    auto signals = Napi::Object::New(env);
    signals.Set("fd", left.signals->fd());
    signals.Set("size", static_cast<double>(Signals::kRecordBytes));
    object.Set("signals", signals);
  }
  if (left.file_limit) {
    auto limit = Napi::Array::New(env, 2);
    limit.Set(0u, static_cast<double>(left.file_limit->soft));
    limit.Set(1u, static_cast<double>(left.file_limit->hard));
    object.Set("fileLimit", limit);
  }
  return object;
}

}  // namespace

std::string words(int error) {
  std::string text = std::strerror(error);
  if (text.size() > 1 && std::islower(text[1])) text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

Napi::Value reason_or_null(Napi::Env env, const std::optional<Fault>& fault) {
  if (!fault) return env.Null();
  return Napi::String::New(env, fault->subject.empty() ? words(fault->error) : fault->subject);
}

Napi::Error fault_error(Napi::Env env, const Fault& fault) {
  const std::string message = fault.subject + ": " + fault.step + ": " + errno_name(fault.error) + " (" +
                              words(fault.error) + ")";
  auto error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, errno_name(fault.error)));
  return error;
}

void throw_fault(Napi::Env env, const Fault& fault) { fault_error(env, fault).ThrowAsJavaScriptException(); }

Napi::Array facts_array(Napi::Env env, const std::vector<Fact>& facts) {
  return array_of(env, facts, [](Napi::Env env, const Fact& fact) { return std::visit(FactObject{env}, fact); });
}

Napi::Array consumption_array(Napi::Env env, const std::vector<std::optional<Consumption>>& found) {
  return array_of(env, found, [](Napi::Env env, const std::optional<Consumption>& one) -> Napi::Value {
    if (!one) return env.Null();
    auto object = Napi::Object::New(env);
    object.Set("cpu", one->cpu_ms);
    object.Set("memoryBytes", static_cast<double>(one->memory_bytes));
    return object;
  });
}

Napi::Object reopened_object(Napi::Env env, int files, const std::vector<Fault>& faults) {
  auto object = Napi::Object::New(env);
  object.Set("files", files);
  object.Set("faults", array_of(env, faults, fault_object));
  return object;
}

Napi::Object socket_object(Napi::Env env, const UnixListener& listener) {
  auto object = Napi::Object::New(env);
  object.Set("fd", listener.fd.get());
  object.Set("device", static_cast<double>(listener.device));
  object.Set("inode", static_cast<double>(listener.inode));
  return object;
}

Napi::Array held_array(Napi::Env env, std::vector<Held>& held) {
  return array_of(env, held, [](Napi::Env env, Held& one) {
    auto object = Napi::Object::New(env);
    object.Set("label", one.label);
    object.Set("fd", one.fd.release());
    return object;
  });
}

Napi::Object detached_object(Napi::Env env, Host::Left& left) {
  auto object = Napi::Object::New(env);
  object.Set("facts", facts_array(env, left.facts));
  object.Set("processes", array_of(env, left.processes, adopted_object));
  object.Set("outputs", array_of(env, left.output.intakes, intake_object));
  object.Set("owed", array_of(env, left.output.owed, owing_object));
  object.Set("inherited", inherited_object(env, left));
  return object;
}

}  // namespace sentry
