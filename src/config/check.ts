// Made from schema.ts by schema.build.ts; not to be edited. See there.
// @ts-nocheck
/* oxlint-disable */
const External = [
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/u,
  /^[^\0]+$/u,
  /^[^\0]*$/u,
  /(^count$|^delay$|^backoff$|^restart$|^successCodes$|^limit$|^stop$|^daemon$|^ready$|^health$|^watchdog$|^after$|^schedule$|^watch$|^restartAbove$|^log$|^cwd$|^env$|^envFile$|^inheritEnv$|^user$|^group$|^groups$|^umask$|^nice$|^oomScoreAdj$|^noNewPrivileges$|^limits$|^listen$)/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /(^factor$|^max$|^jitter$|^resetAfter$)/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /(^signal$|^grace$|^scope$)/u,
  /^(SIGHUP|SIGINT|SIGQUIT|SIGILL|SIGTRAP|SIGABRT|SIGBUS|SIGFPE|SIGKILL|SIGUSR1|SIGSEGV|SIGUSR2|SIGPIPE|SIGALRM|SIGTERM|SIGSTKFLT|SIGCHLD|SIGCONT|SIGSTOP|SIGTSTP|SIGTTIN|SIGTTOU|SIGURG|SIGXCPU|SIGXFSZ|SIGVTALRM|SIGPROF|SIGWINCH|SIGIO|SIGPWR|SIGSYS|SIGRTMIN|SIGRTMIN[+]([1-9]|[12][0-9]))$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[^\0]+$/u,
  /(^tcp$|^http$|^exec$|^notify$|^fd$|^log$|^timeout$|^interval$)/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^[^\0]*$/u,
  /^[^\0]*$/u,
  /^[^\0]*$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /(^tcp$|^http$|^exec$|^interval$|^timeout$|^failures$)/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^[^\0]*$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[0-9]{1,12}(ms|s|m|h)$/u,
  /^[^\0]+$/u,
  /(^entry$|^on$)/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /(^entry$|^on$)/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /(^cron$|^timezone$|^overlap$)/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /(^file$|^maxSize$|^keep$|^compress$|^format$|^terminal$)/u,
  /^[^\0]+$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[^\0]+$/u,
  /(^[^=\0]+$)/u,
  /^[^=\0]+$/u,
  /^[^\0]*$/u,
  /^[^\0]+$/u,
  /^[^=\0]+$/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /^0?[0-7]{3}$/u,
  /(^as$|^core$|^cpu$|^data$|^fsize$|^locks$|^memlock$|^msgqueue$|^nice$|^nofile$|^nproc$|^rss$|^rtprio$|^rttime$|^sigpending$|^stack$)/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[0-9]{1,12}[KMG]$/u,
  /^[^\0]+$/u,
  /^[^\0]+$/u,
  /(^http$|^maxCount$|^processEvents$|^on$|^exitWhen$)/u,
  /^[^\0/]+:[0-9]{1,5}$/u,
  /(^address$|^hosts$)/u,
  /^[^\0/]+:[0-9]{1,5}$/u,
  /^[^\0]+$/u,
];

export const check: (value: unknown) => boolean = (value: any) =>
  ((typeof value === "object"
    && value !== null
    && !(Array.isArray(value)))
    && ((("entries" in value
    && "options" in value)
    && Object.getOwnPropertyNames(value).length === 2)
    && ((Array.isArray(value.entries)
    && value.entries.every((unique_0, index) => (((typeof unique_0 === "object"
    && unique_0 !== null
    && !(Array.isArray(unique_0)))
    && ((((("name" in unique_0
    && "command" in unique_0)
    && "args" in unique_0)
    && "options" in unique_0)
    && Object.getOwnPropertyNames(unique_0).length === 4)
    && ((((typeof unique_0.name === "string"
    && External[0].test(unique_0.name))
    && (typeof unique_0.command === "string"
    && External[1].test(unique_0.command)))
    && (Array.isArray(unique_0.args)
    && unique_0.args.every((unique_1, index) => ((typeof unique_1 === "string"
    && External[2].test(unique_1))))))
    && ((typeof unique_0.options === "object"
    && unique_0.options !== null
    && !(Array.isArray(unique_0.options)))
    && (Object.getOwnPropertyNames(unique_0.options).every((unique_2, unique_3) => ((External[3].test(unique_2) || false)))
    && (((((((((((((((((((((((((((((unique_0.options.count === undefined || (!("count" in unique_0.options) || (Number.isInteger(unique_0.options.count)
    && (!((Number.isFinite(unique_0.options.count) || typeof unique_0.options.count === "bigint")) || (unique_0.options.count >= 0
    && unique_0.options.count <= 100000)))))
    && (unique_0.options.delay === undefined || (!("delay" in unique_0.options) || ((Number.isInteger(unique_0.options.delay)
    && (!((Number.isFinite(unique_0.options.delay) || typeof unique_0.options.delay === "bigint")) || (unique_0.options.delay >= 0
    && unique_0.options.delay <= 9007199254740991))) || (typeof unique_0.options.delay === "string"
    && External[4].test(unique_0.options.delay))))))
    && (unique_0.options.backoff === undefined || (!("backoff" in unique_0.options) || ((typeof unique_0.options.backoff === "object"
    && unique_0.options.backoff !== null
    && !(Array.isArray(unique_0.options.backoff)))
    && (Object.getOwnPropertyNames(unique_0.options.backoff).every((unique_4, unique_5) => ((External[5].test(unique_4) || false)))
    && ((((unique_0.options.backoff.factor === undefined || (!("factor" in unique_0.options.backoff) || (Number.isFinite(unique_0.options.backoff.factor)
    && unique_0.options.backoff.factor >= 1)))
    && (unique_0.options.backoff.max === undefined || (!("max" in unique_0.options.backoff) || ((Number.isInteger(unique_0.options.backoff.max)
    && (!((Number.isFinite(unique_0.options.backoff.max) || typeof unique_0.options.backoff.max === "bigint")) || (unique_0.options.backoff.max >= 0
    && unique_0.options.backoff.max <= 9007199254740991))) || (typeof unique_0.options.backoff.max === "string"
    && External[6].test(unique_0.options.backoff.max))))))
    && (unique_0.options.backoff.jitter === undefined || (!("jitter" in unique_0.options.backoff) || (Number.isFinite(unique_0.options.backoff.jitter)
    && (unique_0.options.backoff.jitter >= 0
    && unique_0.options.backoff.jitter <= 1)))))
    && (unique_0.options.backoff.resetAfter === undefined || (!("resetAfter" in unique_0.options.backoff) || ((Number.isInteger(unique_0.options.backoff.resetAfter)
    && (!((Number.isFinite(unique_0.options.backoff.resetAfter) || typeof unique_0.options.backoff.resetAfter === "bigint")) || (unique_0.options.backoff.resetAfter >= 0
    && unique_0.options.backoff.resetAfter <= 9007199254740991))) || (typeof unique_0.options.backoff.resetAfter === "string"
    && External[7].test(unique_0.options.backoff.resetAfter)))))))))))
    && (unique_0.options.restart === undefined || (!("restart" in unique_0.options) || (((typeof unique_0.options.restart === "string"
    && unique_0.options.restart === "always") || (typeof unique_0.options.restart === "string"
    && unique_0.options.restart === "on-failure")) || (typeof unique_0.options.restart === "string"
    && unique_0.options.restart === "never")))))
    && (unique_0.options.successCodes === undefined || (!("successCodes" in unique_0.options) || (Array.isArray(unique_0.options.successCodes)
    && unique_0.options.successCodes.every((unique_6, index) => ((Number.isInteger(unique_6)
    && (!((Number.isFinite(unique_6) || typeof unique_6 === "bigint")) || (unique_6 >= 0
    && unique_6 <= 255)))))))))
    && (unique_0.options.limit === undefined || (!("limit" in unique_0.options) || ((typeof unique_0.options.limit === "object"
    && unique_0.options.limit !== null
    && !(Array.isArray(unique_0.options.limit)))
    && ((("count" in unique_0.options.limit
    && "within" in unique_0.options.limit)
    && Object.getOwnPropertyNames(unique_0.options.limit).length === 2)
    && ((Number.isInteger(unique_0.options.limit.count)
    && (!((Number.isFinite(unique_0.options.limit.count) || typeof unique_0.options.limit.count === "bigint")) || (unique_0.options.limit.count >= 0
    && unique_0.options.limit.count <= 1000)))
    && ((Number.isInteger(unique_0.options.limit.within)
    && (!((Number.isFinite(unique_0.options.limit.within) || typeof unique_0.options.limit.within === "bigint")) || (unique_0.options.limit.within >= 0
    && unique_0.options.limit.within <= 9007199254740991))) || (typeof unique_0.options.limit.within === "string"
    && External[8].test(unique_0.options.limit.within)))))))))
    && (unique_0.options.stop === undefined || (!("stop" in unique_0.options) || ((typeof unique_0.options.stop === "object"
    && unique_0.options.stop !== null
    && !(Array.isArray(unique_0.options.stop)))
    && (Object.getOwnPropertyNames(unique_0.options.stop).every((unique_7, unique_8) => ((External[9].test(unique_7) || false)))
    && (((unique_0.options.stop.signal === undefined || (!("signal" in unique_0.options.stop) || (typeof unique_0.options.stop.signal === "string"
    && External[10].test(unique_0.options.stop.signal))))
    && (unique_0.options.stop.grace === undefined || (!("grace" in unique_0.options.stop) || ((Number.isInteger(unique_0.options.stop.grace)
    && (!((Number.isFinite(unique_0.options.stop.grace) || typeof unique_0.options.stop.grace === "bigint")) || (unique_0.options.stop.grace >= 0
    && unique_0.options.stop.grace <= 9007199254740991))) || (typeof unique_0.options.stop.grace === "string"
    && External[11].test(unique_0.options.stop.grace))))))
    && (unique_0.options.stop.scope === undefined || (!("scope" in unique_0.options.stop) || (((typeof unique_0.options.stop.scope === "string"
    && unique_0.options.stop.scope === "tree") || (typeof unique_0.options.stop.scope === "string"
    && unique_0.options.stop.scope === "group")) || (typeof unique_0.options.stop.scope === "string"
    && unique_0.options.stop.scope === "process"))))))))))
    && (unique_0.options.daemon === undefined || (!("daemon" in unique_0.options) || (typeof unique_0.options.daemon === "boolean" || ((typeof unique_0.options.daemon === "object"
    && unique_0.options.daemon !== null
    && !(Array.isArray(unique_0.options.daemon)))
    && (("pidFile" in unique_0.options.daemon
    && Object.getOwnPropertyNames(unique_0.options.daemon).length === 1)
    && (typeof unique_0.options.daemon.pidFile === "string"
    && External[12].test(unique_0.options.daemon.pidFile))))))))
    && (unique_0.options.ready === undefined || (!("ready" in unique_0.options) || ((typeof unique_0.options.ready === "string"
    && unique_0.options.ready === "notify") || ((typeof unique_0.options.ready === "object"
    && unique_0.options.ready !== null
    && !(Array.isArray(unique_0.options.ready)))
    && (Object.getOwnPropertyNames(unique_0.options.ready).every((unique_9, unique_10) => ((External[13].test(unique_9) || false)))
    && ((((((((unique_0.options.ready.tcp === undefined || (!("tcp" in unique_0.options.ready) || ((Number.isInteger(unique_0.options.ready.tcp)
    && (!((Number.isFinite(unique_0.options.ready.tcp) || typeof unique_0.options.ready.tcp === "bigint")) || (unique_0.options.ready.tcp >= 1
    && unique_0.options.ready.tcp <= 65535))) || (typeof unique_0.options.ready.tcp === "string"
    && External[14].test(unique_0.options.ready.tcp)))))
    && (unique_0.options.ready.http === undefined || (!("http" in unique_0.options.ready) || (typeof unique_0.options.ready.http === "string"
    && External[15].test(unique_0.options.ready.http)))))
    && (unique_0.options.ready.exec === undefined || (!("exec" in unique_0.options.ready) || (Array.isArray(unique_0.options.ready.exec)
    && (unique_0.options.ready.exec.every((unique_11, index) => ((typeof unique_11 === "string"
    && External[16].test(unique_11))))
    && unique_0.options.ready.exec.length >= 1)))))
    && (unique_0.options.ready.notify === undefined || (!("notify" in unique_0.options.ready) || (typeof unique_0.options.ready.notify === "boolean"
    && unique_0.options.ready.notify === true))))
    && (unique_0.options.ready.fd === undefined || (!("fd" in unique_0.options.ready) || (Number.isInteger(unique_0.options.ready.fd)
    && (!((Number.isFinite(unique_0.options.ready.fd) || typeof unique_0.options.ready.fd === "bigint")) || (unique_0.options.ready.fd >= 3
    && unique_0.options.ready.fd <= 1023))))))
    && (unique_0.options.ready.log === undefined || (!("log" in unique_0.options.ready) || ((typeof unique_0.options.ready.log === "object"
    && unique_0.options.ready.log !== null
    && !(Array.isArray(unique_0.options.ready.log)))
    && ((("source" in unique_0.options.ready.log
    && "flags" in unique_0.options.ready.log)
    && Object.getOwnPropertyNames(unique_0.options.ready.log).length === 2)
    && ((typeof unique_0.options.ready.log.source === "string"
    && External[17].test(unique_0.options.ready.log.source))
    && (typeof unique_0.options.ready.log.flags === "string"
    && External[18].test(unique_0.options.ready.log.flags))))))))
    && (unique_0.options.ready.timeout === undefined || (!("timeout" in unique_0.options.ready) || ((Number.isInteger(unique_0.options.ready.timeout)
    && (!((Number.isFinite(unique_0.options.ready.timeout) || typeof unique_0.options.ready.timeout === "bigint")) || (unique_0.options.ready.timeout >= 0
    && unique_0.options.ready.timeout <= 9007199254740991))) || (typeof unique_0.options.ready.timeout === "string"
    && External[19].test(unique_0.options.ready.timeout))))))
    && (unique_0.options.ready.interval === undefined || (!("interval" in unique_0.options.ready) || ((Number.isInteger(unique_0.options.ready.interval)
    && (!((Number.isFinite(unique_0.options.ready.interval) || typeof unique_0.options.ready.interval === "bigint")) || (unique_0.options.ready.interval >= 0
    && unique_0.options.ready.interval <= 9007199254740991))) || (typeof unique_0.options.ready.interval === "string"
    && External[20].test(unique_0.options.ready.interval))))))))))))
    && (unique_0.options.health === undefined || (!("health" in unique_0.options) || ((typeof unique_0.options.health === "object"
    && unique_0.options.health !== null
    && !(Array.isArray(unique_0.options.health)))
    && (Object.getOwnPropertyNames(unique_0.options.health).every((unique_12, unique_13) => ((External[21].test(unique_12) || false)))
    && ((((((unique_0.options.health.tcp === undefined || (!("tcp" in unique_0.options.health) || ((Number.isInteger(unique_0.options.health.tcp)
    && (!((Number.isFinite(unique_0.options.health.tcp) || typeof unique_0.options.health.tcp === "bigint")) || (unique_0.options.health.tcp >= 1
    && unique_0.options.health.tcp <= 65535))) || (typeof unique_0.options.health.tcp === "string"
    && External[22].test(unique_0.options.health.tcp)))))
    && (unique_0.options.health.http === undefined || (!("http" in unique_0.options.health) || (typeof unique_0.options.health.http === "string"
    && External[23].test(unique_0.options.health.http)))))
    && (unique_0.options.health.exec === undefined || (!("exec" in unique_0.options.health) || (Array.isArray(unique_0.options.health.exec)
    && (unique_0.options.health.exec.every((unique_14, index) => ((typeof unique_14 === "string"
    && External[24].test(unique_14))))
    && unique_0.options.health.exec.length >= 1)))))
    && (unique_0.options.health.interval === undefined || (!("interval" in unique_0.options.health) || ((Number.isInteger(unique_0.options.health.interval)
    && (!((Number.isFinite(unique_0.options.health.interval) || typeof unique_0.options.health.interval === "bigint")) || (unique_0.options.health.interval >= 0
    && unique_0.options.health.interval <= 9007199254740991))) || (typeof unique_0.options.health.interval === "string"
    && External[25].test(unique_0.options.health.interval))))))
    && (unique_0.options.health.timeout === undefined || (!("timeout" in unique_0.options.health) || ((Number.isInteger(unique_0.options.health.timeout)
    && (!((Number.isFinite(unique_0.options.health.timeout) || typeof unique_0.options.health.timeout === "bigint")) || (unique_0.options.health.timeout >= 0
    && unique_0.options.health.timeout <= 9007199254740991))) || (typeof unique_0.options.health.timeout === "string"
    && External[26].test(unique_0.options.health.timeout))))))
    && (unique_0.options.health.failures === undefined || (!("failures" in unique_0.options.health) || (Number.isInteger(unique_0.options.health.failures)
    && (!((Number.isFinite(unique_0.options.health.failures) || typeof unique_0.options.health.failures === "bigint")) || (unique_0.options.health.failures >= 1
    && unique_0.options.health.failures <= 1000)))))))))))
    && (unique_0.options.watchdog === undefined || (!("watchdog" in unique_0.options) || ((Number.isInteger(unique_0.options.watchdog)
    && (!((Number.isFinite(unique_0.options.watchdog) || typeof unique_0.options.watchdog === "bigint")) || (unique_0.options.watchdog >= 0
    && unique_0.options.watchdog <= 9007199254740991))) || (typeof unique_0.options.watchdog === "string"
    && External[27].test(unique_0.options.watchdog))))))
    && (unique_0.options.after === undefined || (!("after" in unique_0.options) || (((typeof unique_0.options.after === "string"
    && External[28].test(unique_0.options.after)) || ((typeof unique_0.options.after === "object"
    && unique_0.options.after !== null
    && !(Array.isArray(unique_0.options.after)))
    && (("entry" in unique_0.options.after
    && Object.getOwnPropertyNames(unique_0.options.after).every((unique_15, unique_16) => ((External[29].test(unique_15) || false))))
    && ((typeof unique_0.options.after.entry === "string"
    && External[30].test(unique_0.options.after.entry))
    && (unique_0.options.after.on === undefined || (!("on" in unique_0.options.after) || (((typeof unique_0.options.after.on === "string"
    && unique_0.options.after.on === "started") || (typeof unique_0.options.after.on === "string"
    && unique_0.options.after.on === "ready")) || (typeof unique_0.options.after.on === "string"
    && unique_0.options.after.on === "finished")))))))) || (Array.isArray(unique_0.options.after)
    && unique_0.options.after.every((unique_17, index) => (((typeof unique_17 === "string"
    && External[31].test(unique_17)) || ((typeof unique_17 === "object"
    && unique_17 !== null
    && !(Array.isArray(unique_17)))
    && (("entry" in unique_17
    && Object.getOwnPropertyNames(unique_17).every((unique_18, unique_19) => ((External[32].test(unique_18) || false))))
    && ((typeof unique_17.entry === "string"
    && External[33].test(unique_17.entry))
    && (unique_17.on === undefined || (!("on" in unique_17) || (((typeof unique_17.on === "string"
    && unique_17.on === "started") || (typeof unique_17.on === "string"
    && unique_17.on === "ready")) || (typeof unique_17.on === "string"
    && unique_17.on === "finished")))))))))))))))
    && (unique_0.options.schedule === undefined || (!("schedule" in unique_0.options) || ((typeof unique_0.options.schedule === "string"
    && External[34].test(unique_0.options.schedule)) || ((typeof unique_0.options.schedule === "object"
    && unique_0.options.schedule !== null
    && !(Array.isArray(unique_0.options.schedule)))
    && (("cron" in unique_0.options.schedule
    && Object.getOwnPropertyNames(unique_0.options.schedule).every((unique_20, unique_21) => ((External[35].test(unique_20) || false))))
    && (((typeof unique_0.options.schedule.cron === "string"
    && External[36].test(unique_0.options.schedule.cron))
    && (unique_0.options.schedule.timezone === undefined || (!("timezone" in unique_0.options.schedule) || (typeof unique_0.options.schedule.timezone === "string"
    && External[37].test(unique_0.options.schedule.timezone)))))
    && (unique_0.options.schedule.overlap === undefined || (!("overlap" in unique_0.options.schedule) || ((typeof unique_0.options.schedule.overlap === "string"
    && unique_0.options.schedule.overlap === "skip") || (typeof unique_0.options.schedule.overlap === "string"
    && unique_0.options.schedule.overlap === "kill")))))))))))
    && (unique_0.options.watch === undefined || (!("watch" in unique_0.options) || ((typeof unique_0.options.watch === "string"
    && External[38].test(unique_0.options.watch)) || (Array.isArray(unique_0.options.watch)
    && unique_0.options.watch.every((unique_22, index) => ((typeof unique_22 === "string"
    && External[39].test(unique_22)))))))))
    && (unique_0.options.restartAbove === undefined || (!("restartAbove" in unique_0.options) || ((Number.isInteger(unique_0.options.restartAbove)
    && (!((Number.isFinite(unique_0.options.restartAbove) || typeof unique_0.options.restartAbove === "bigint")) || (unique_0.options.restartAbove >= 0
    && unique_0.options.restartAbove <= 9007199254740991))) || (typeof unique_0.options.restartAbove === "string"
    && External[40].test(unique_0.options.restartAbove))))))
    && (unique_0.options.log === undefined || (!("log" in unique_0.options) || (((typeof unique_0.options.log === "string"
    && unique_0.options.log === "inherit") || (typeof unique_0.options.log === "string"
    && unique_0.options.log === "none")) || ((typeof unique_0.options.log === "object"
    && unique_0.options.log !== null
    && !(Array.isArray(unique_0.options.log)))
    && (("file" in unique_0.options.log
    && Object.getOwnPropertyNames(unique_0.options.log).every((unique_23, unique_24) => ((External[41].test(unique_23) || false))))
    && ((((((typeof unique_0.options.log.file === "string"
    && External[42].test(unique_0.options.log.file))
    && (unique_0.options.log.maxSize === undefined || (!("maxSize" in unique_0.options.log) || ((Number.isInteger(unique_0.options.log.maxSize)
    && (!((Number.isFinite(unique_0.options.log.maxSize) || typeof unique_0.options.log.maxSize === "bigint")) || (unique_0.options.log.maxSize >= 0
    && unique_0.options.log.maxSize <= 9007199254740991))) || (typeof unique_0.options.log.maxSize === "string"
    && External[43].test(unique_0.options.log.maxSize))))))
    && (unique_0.options.log.keep === undefined || (!("keep" in unique_0.options.log) || (Number.isInteger(unique_0.options.log.keep)
    && (!((Number.isFinite(unique_0.options.log.keep) || typeof unique_0.options.log.keep === "bigint")) || (unique_0.options.log.keep >= 0
    && unique_0.options.log.keep <= 1000))))))
    && (unique_0.options.log.compress === undefined || (!("compress" in unique_0.options.log) || typeof unique_0.options.log.compress === "boolean")))
    && (unique_0.options.log.format === undefined || (!("format" in unique_0.options.log) || (((typeof unique_0.options.log.format === "string"
    && unique_0.options.log.format === "raw") || (typeof unique_0.options.log.format === "string"
    && unique_0.options.log.format === "prefixed")) || (typeof unique_0.options.log.format === "string"
    && unique_0.options.log.format === "json")))))
    && (unique_0.options.log.terminal === undefined || (!("terminal" in unique_0.options.log) || typeof unique_0.options.log.terminal === "boolean")))))))))
    && (unique_0.options.cwd === undefined || (!("cwd" in unique_0.options) || (typeof unique_0.options.cwd === "string"
    && External[44].test(unique_0.options.cwd)))))
    && (unique_0.options.env === undefined || (!("env" in unique_0.options) || ((typeof unique_0.options.env === "object"
    && unique_0.options.env !== null
    && !(Array.isArray(unique_0.options.env)))
    && (Object.getOwnPropertyNames(unique_0.options.env).every((unique_25, unique_26) => ((External[45].test(unique_25) || false)))
    && Object.entries(unique_0.options.env).every(([unique_27, unique_28], _) => ((!(External[46].test(unique_27)) || (typeof unique_28 === "string"
    && External[47].test(unique_28))))))))))
    && (unique_0.options.envFile === undefined || (!("envFile" in unique_0.options) || (typeof unique_0.options.envFile === "string"
    && External[48].test(unique_0.options.envFile)))))
    && (unique_0.options.inheritEnv === undefined || (!("inheritEnv" in unique_0.options) || (typeof unique_0.options.inheritEnv === "boolean" || (Array.isArray(unique_0.options.inheritEnv)
    && unique_0.options.inheritEnv.every((unique_29, index) => ((typeof unique_29 === "string"
    && External[49].test(unique_29)))))))))
    && (unique_0.options.user === undefined || (!("user" in unique_0.options) || ((typeof unique_0.options.user === "string"
    && External[50].test(unique_0.options.user)) || (Number.isInteger(unique_0.options.user)
    && (!((Number.isFinite(unique_0.options.user) || typeof unique_0.options.user === "bigint")) || (unique_0.options.user >= 0
    && unique_0.options.user <= 4294967294)))))))
    && (unique_0.options.group === undefined || (!("group" in unique_0.options) || ((typeof unique_0.options.group === "string"
    && External[51].test(unique_0.options.group)) || (Number.isInteger(unique_0.options.group)
    && (!((Number.isFinite(unique_0.options.group) || typeof unique_0.options.group === "bigint")) || (unique_0.options.group >= 0
    && unique_0.options.group <= 4294967294)))))))
    && (unique_0.options.groups === undefined || (!("groups" in unique_0.options) || (Array.isArray(unique_0.options.groups)
    && unique_0.options.groups.every((unique_30, index) => (((typeof unique_30 === "string"
    && External[52].test(unique_30)) || (Number.isInteger(unique_30)
    && (!((Number.isFinite(unique_30) || typeof unique_30 === "bigint")) || (unique_30 >= 0
    && unique_30 <= 4294967294))))))))))
    && (unique_0.options.umask === undefined || (!("umask" in unique_0.options) || ((Number.isInteger(unique_0.options.umask)
    && (!((Number.isFinite(unique_0.options.umask) || typeof unique_0.options.umask === "bigint")) || (unique_0.options.umask >= 0
    && unique_0.options.umask <= 511))) || (typeof unique_0.options.umask === "string"
    && External[53].test(unique_0.options.umask))))))
    && (unique_0.options.nice === undefined || (!("nice" in unique_0.options) || (Number.isInteger(unique_0.options.nice)
    && (!((Number.isFinite(unique_0.options.nice) || typeof unique_0.options.nice === "bigint")) || (unique_0.options.nice >= -20
    && unique_0.options.nice <= 19))))))
    && (unique_0.options.oomScoreAdj === undefined || (!("oomScoreAdj" in unique_0.options) || (Number.isInteger(unique_0.options.oomScoreAdj)
    && (!((Number.isFinite(unique_0.options.oomScoreAdj) || typeof unique_0.options.oomScoreAdj === "bigint")) || (unique_0.options.oomScoreAdj >= -1000
    && unique_0.options.oomScoreAdj <= 1000))))))
    && (unique_0.options.noNewPrivileges === undefined || (!("noNewPrivileges" in unique_0.options) || typeof unique_0.options.noNewPrivileges === "boolean")))
    && (unique_0.options.limits === undefined || (!("limits" in unique_0.options) || ((typeof unique_0.options.limits === "object"
    && unique_0.options.limits !== null
    && !(Array.isArray(unique_0.options.limits)))
    && (Object.getOwnPropertyNames(unique_0.options.limits).every((unique_31, unique_32) => ((External[54].test(unique_31) || false)))
    && ((((((((((((((((unique_0.options.limits.as === undefined || (!("as" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.as)
    && (!((Number.isFinite(unique_0.options.limits.as) || typeof unique_0.options.limits.as === "bigint")) || (unique_0.options.limits.as >= 0
    && unique_0.options.limits.as <= 9007199254740991))) || (typeof unique_0.options.limits.as === "string"
    && External[55].test(unique_0.options.limits.as))) || (typeof unique_0.options.limits.as === "string"
    && unique_0.options.limits.as === "unlimited")) || ((typeof unique_0.options.limits.as === "object"
    && unique_0.options.limits.as !== null
    && !(Array.isArray(unique_0.options.limits.as)))
    && ((("soft" in unique_0.options.limits.as
    && "hard" in unique_0.options.limits.as)
    && Object.getOwnPropertyNames(unique_0.options.limits.as).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.as.soft)
    && (!((Number.isFinite(unique_0.options.limits.as.soft) || typeof unique_0.options.limits.as.soft === "bigint")) || (unique_0.options.limits.as.soft >= 0
    && unique_0.options.limits.as.soft <= 9007199254740991))) || (typeof unique_0.options.limits.as.soft === "string"
    && External[56].test(unique_0.options.limits.as.soft))) || (typeof unique_0.options.limits.as.soft === "string"
    && unique_0.options.limits.as.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.as.hard)
    && (!((Number.isFinite(unique_0.options.limits.as.hard) || typeof unique_0.options.limits.as.hard === "bigint")) || (unique_0.options.limits.as.hard >= 0
    && unique_0.options.limits.as.hard <= 9007199254740991))) || (typeof unique_0.options.limits.as.hard === "string"
    && External[57].test(unique_0.options.limits.as.hard))) || (typeof unique_0.options.limits.as.hard === "string"
    && unique_0.options.limits.as.hard === "unlimited"))))))))
    && (unique_0.options.limits.core === undefined || (!("core" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.core)
    && (!((Number.isFinite(unique_0.options.limits.core) || typeof unique_0.options.limits.core === "bigint")) || (unique_0.options.limits.core >= 0
    && unique_0.options.limits.core <= 9007199254740991))) || (typeof unique_0.options.limits.core === "string"
    && External[58].test(unique_0.options.limits.core))) || (typeof unique_0.options.limits.core === "string"
    && unique_0.options.limits.core === "unlimited")) || ((typeof unique_0.options.limits.core === "object"
    && unique_0.options.limits.core !== null
    && !(Array.isArray(unique_0.options.limits.core)))
    && ((("soft" in unique_0.options.limits.core
    && "hard" in unique_0.options.limits.core)
    && Object.getOwnPropertyNames(unique_0.options.limits.core).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.core.soft)
    && (!((Number.isFinite(unique_0.options.limits.core.soft) || typeof unique_0.options.limits.core.soft === "bigint")) || (unique_0.options.limits.core.soft >= 0
    && unique_0.options.limits.core.soft <= 9007199254740991))) || (typeof unique_0.options.limits.core.soft === "string"
    && External[59].test(unique_0.options.limits.core.soft))) || (typeof unique_0.options.limits.core.soft === "string"
    && unique_0.options.limits.core.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.core.hard)
    && (!((Number.isFinite(unique_0.options.limits.core.hard) || typeof unique_0.options.limits.core.hard === "bigint")) || (unique_0.options.limits.core.hard >= 0
    && unique_0.options.limits.core.hard <= 9007199254740991))) || (typeof unique_0.options.limits.core.hard === "string"
    && External[60].test(unique_0.options.limits.core.hard))) || (typeof unique_0.options.limits.core.hard === "string"
    && unique_0.options.limits.core.hard === "unlimited")))))))))
    && (unique_0.options.limits.cpu === undefined || (!("cpu" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.cpu)
    && (!((Number.isFinite(unique_0.options.limits.cpu) || typeof unique_0.options.limits.cpu === "bigint")) || (unique_0.options.limits.cpu >= 0
    && unique_0.options.limits.cpu <= 9007199254740991))) || (typeof unique_0.options.limits.cpu === "string"
    && unique_0.options.limits.cpu === "unlimited")) || ((typeof unique_0.options.limits.cpu === "object"
    && unique_0.options.limits.cpu !== null
    && !(Array.isArray(unique_0.options.limits.cpu)))
    && ((("soft" in unique_0.options.limits.cpu
    && "hard" in unique_0.options.limits.cpu)
    && Object.getOwnPropertyNames(unique_0.options.limits.cpu).length === 2)
    && (((Number.isInteger(unique_0.options.limits.cpu.soft)
    && (!((Number.isFinite(unique_0.options.limits.cpu.soft) || typeof unique_0.options.limits.cpu.soft === "bigint")) || (unique_0.options.limits.cpu.soft >= 0
    && unique_0.options.limits.cpu.soft <= 9007199254740991))) || (typeof unique_0.options.limits.cpu.soft === "string"
    && unique_0.options.limits.cpu.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.cpu.hard)
    && (!((Number.isFinite(unique_0.options.limits.cpu.hard) || typeof unique_0.options.limits.cpu.hard === "bigint")) || (unique_0.options.limits.cpu.hard >= 0
    && unique_0.options.limits.cpu.hard <= 9007199254740991))) || (typeof unique_0.options.limits.cpu.hard === "string"
    && unique_0.options.limits.cpu.hard === "unlimited")))))))))
    && (unique_0.options.limits.data === undefined || (!("data" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.data)
    && (!((Number.isFinite(unique_0.options.limits.data) || typeof unique_0.options.limits.data === "bigint")) || (unique_0.options.limits.data >= 0
    && unique_0.options.limits.data <= 9007199254740991))) || (typeof unique_0.options.limits.data === "string"
    && External[61].test(unique_0.options.limits.data))) || (typeof unique_0.options.limits.data === "string"
    && unique_0.options.limits.data === "unlimited")) || ((typeof unique_0.options.limits.data === "object"
    && unique_0.options.limits.data !== null
    && !(Array.isArray(unique_0.options.limits.data)))
    && ((("soft" in unique_0.options.limits.data
    && "hard" in unique_0.options.limits.data)
    && Object.getOwnPropertyNames(unique_0.options.limits.data).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.data.soft)
    && (!((Number.isFinite(unique_0.options.limits.data.soft) || typeof unique_0.options.limits.data.soft === "bigint")) || (unique_0.options.limits.data.soft >= 0
    && unique_0.options.limits.data.soft <= 9007199254740991))) || (typeof unique_0.options.limits.data.soft === "string"
    && External[62].test(unique_0.options.limits.data.soft))) || (typeof unique_0.options.limits.data.soft === "string"
    && unique_0.options.limits.data.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.data.hard)
    && (!((Number.isFinite(unique_0.options.limits.data.hard) || typeof unique_0.options.limits.data.hard === "bigint")) || (unique_0.options.limits.data.hard >= 0
    && unique_0.options.limits.data.hard <= 9007199254740991))) || (typeof unique_0.options.limits.data.hard === "string"
    && External[63].test(unique_0.options.limits.data.hard))) || (typeof unique_0.options.limits.data.hard === "string"
    && unique_0.options.limits.data.hard === "unlimited")))))))))
    && (unique_0.options.limits.fsize === undefined || (!("fsize" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.fsize)
    && (!((Number.isFinite(unique_0.options.limits.fsize) || typeof unique_0.options.limits.fsize === "bigint")) || (unique_0.options.limits.fsize >= 0
    && unique_0.options.limits.fsize <= 9007199254740991))) || (typeof unique_0.options.limits.fsize === "string"
    && External[64].test(unique_0.options.limits.fsize))) || (typeof unique_0.options.limits.fsize === "string"
    && unique_0.options.limits.fsize === "unlimited")) || ((typeof unique_0.options.limits.fsize === "object"
    && unique_0.options.limits.fsize !== null
    && !(Array.isArray(unique_0.options.limits.fsize)))
    && ((("soft" in unique_0.options.limits.fsize
    && "hard" in unique_0.options.limits.fsize)
    && Object.getOwnPropertyNames(unique_0.options.limits.fsize).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.fsize.soft)
    && (!((Number.isFinite(unique_0.options.limits.fsize.soft) || typeof unique_0.options.limits.fsize.soft === "bigint")) || (unique_0.options.limits.fsize.soft >= 0
    && unique_0.options.limits.fsize.soft <= 9007199254740991))) || (typeof unique_0.options.limits.fsize.soft === "string"
    && External[65].test(unique_0.options.limits.fsize.soft))) || (typeof unique_0.options.limits.fsize.soft === "string"
    && unique_0.options.limits.fsize.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.fsize.hard)
    && (!((Number.isFinite(unique_0.options.limits.fsize.hard) || typeof unique_0.options.limits.fsize.hard === "bigint")) || (unique_0.options.limits.fsize.hard >= 0
    && unique_0.options.limits.fsize.hard <= 9007199254740991))) || (typeof unique_0.options.limits.fsize.hard === "string"
    && External[66].test(unique_0.options.limits.fsize.hard))) || (typeof unique_0.options.limits.fsize.hard === "string"
    && unique_0.options.limits.fsize.hard === "unlimited")))))))))
    && (unique_0.options.limits.locks === undefined || (!("locks" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.locks)
    && (!((Number.isFinite(unique_0.options.limits.locks) || typeof unique_0.options.limits.locks === "bigint")) || (unique_0.options.limits.locks >= 0
    && unique_0.options.limits.locks <= 9007199254740991))) || (typeof unique_0.options.limits.locks === "string"
    && unique_0.options.limits.locks === "unlimited")) || ((typeof unique_0.options.limits.locks === "object"
    && unique_0.options.limits.locks !== null
    && !(Array.isArray(unique_0.options.limits.locks)))
    && ((("soft" in unique_0.options.limits.locks
    && "hard" in unique_0.options.limits.locks)
    && Object.getOwnPropertyNames(unique_0.options.limits.locks).length === 2)
    && (((Number.isInteger(unique_0.options.limits.locks.soft)
    && (!((Number.isFinite(unique_0.options.limits.locks.soft) || typeof unique_0.options.limits.locks.soft === "bigint")) || (unique_0.options.limits.locks.soft >= 0
    && unique_0.options.limits.locks.soft <= 9007199254740991))) || (typeof unique_0.options.limits.locks.soft === "string"
    && unique_0.options.limits.locks.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.locks.hard)
    && (!((Number.isFinite(unique_0.options.limits.locks.hard) || typeof unique_0.options.limits.locks.hard === "bigint")) || (unique_0.options.limits.locks.hard >= 0
    && unique_0.options.limits.locks.hard <= 9007199254740991))) || (typeof unique_0.options.limits.locks.hard === "string"
    && unique_0.options.limits.locks.hard === "unlimited")))))))))
    && (unique_0.options.limits.memlock === undefined || (!("memlock" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.memlock)
    && (!((Number.isFinite(unique_0.options.limits.memlock) || typeof unique_0.options.limits.memlock === "bigint")) || (unique_0.options.limits.memlock >= 0
    && unique_0.options.limits.memlock <= 9007199254740991))) || (typeof unique_0.options.limits.memlock === "string"
    && External[67].test(unique_0.options.limits.memlock))) || (typeof unique_0.options.limits.memlock === "string"
    && unique_0.options.limits.memlock === "unlimited")) || ((typeof unique_0.options.limits.memlock === "object"
    && unique_0.options.limits.memlock !== null
    && !(Array.isArray(unique_0.options.limits.memlock)))
    && ((("soft" in unique_0.options.limits.memlock
    && "hard" in unique_0.options.limits.memlock)
    && Object.getOwnPropertyNames(unique_0.options.limits.memlock).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.memlock.soft)
    && (!((Number.isFinite(unique_0.options.limits.memlock.soft) || typeof unique_0.options.limits.memlock.soft === "bigint")) || (unique_0.options.limits.memlock.soft >= 0
    && unique_0.options.limits.memlock.soft <= 9007199254740991))) || (typeof unique_0.options.limits.memlock.soft === "string"
    && External[68].test(unique_0.options.limits.memlock.soft))) || (typeof unique_0.options.limits.memlock.soft === "string"
    && unique_0.options.limits.memlock.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.memlock.hard)
    && (!((Number.isFinite(unique_0.options.limits.memlock.hard) || typeof unique_0.options.limits.memlock.hard === "bigint")) || (unique_0.options.limits.memlock.hard >= 0
    && unique_0.options.limits.memlock.hard <= 9007199254740991))) || (typeof unique_0.options.limits.memlock.hard === "string"
    && External[69].test(unique_0.options.limits.memlock.hard))) || (typeof unique_0.options.limits.memlock.hard === "string"
    && unique_0.options.limits.memlock.hard === "unlimited")))))))))
    && (unique_0.options.limits.msgqueue === undefined || (!("msgqueue" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.msgqueue)
    && (!((Number.isFinite(unique_0.options.limits.msgqueue) || typeof unique_0.options.limits.msgqueue === "bigint")) || (unique_0.options.limits.msgqueue >= 0
    && unique_0.options.limits.msgqueue <= 9007199254740991))) || (typeof unique_0.options.limits.msgqueue === "string"
    && External[70].test(unique_0.options.limits.msgqueue))) || (typeof unique_0.options.limits.msgqueue === "string"
    && unique_0.options.limits.msgqueue === "unlimited")) || ((typeof unique_0.options.limits.msgqueue === "object"
    && unique_0.options.limits.msgqueue !== null
    && !(Array.isArray(unique_0.options.limits.msgqueue)))
    && ((("soft" in unique_0.options.limits.msgqueue
    && "hard" in unique_0.options.limits.msgqueue)
    && Object.getOwnPropertyNames(unique_0.options.limits.msgqueue).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.msgqueue.soft)
    && (!((Number.isFinite(unique_0.options.limits.msgqueue.soft) || typeof unique_0.options.limits.msgqueue.soft === "bigint")) || (unique_0.options.limits.msgqueue.soft >= 0
    && unique_0.options.limits.msgqueue.soft <= 9007199254740991))) || (typeof unique_0.options.limits.msgqueue.soft === "string"
    && External[71].test(unique_0.options.limits.msgqueue.soft))) || (typeof unique_0.options.limits.msgqueue.soft === "string"
    && unique_0.options.limits.msgqueue.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.msgqueue.hard)
    && (!((Number.isFinite(unique_0.options.limits.msgqueue.hard) || typeof unique_0.options.limits.msgqueue.hard === "bigint")) || (unique_0.options.limits.msgqueue.hard >= 0
    && unique_0.options.limits.msgqueue.hard <= 9007199254740991))) || (typeof unique_0.options.limits.msgqueue.hard === "string"
    && External[72].test(unique_0.options.limits.msgqueue.hard))) || (typeof unique_0.options.limits.msgqueue.hard === "string"
    && unique_0.options.limits.msgqueue.hard === "unlimited")))))))))
    && (unique_0.options.limits.nice === undefined || (!("nice" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.nice)
    && (!((Number.isFinite(unique_0.options.limits.nice) || typeof unique_0.options.limits.nice === "bigint")) || (unique_0.options.limits.nice >= 0
    && unique_0.options.limits.nice <= 9007199254740991))) || (typeof unique_0.options.limits.nice === "string"
    && unique_0.options.limits.nice === "unlimited")) || ((typeof unique_0.options.limits.nice === "object"
    && unique_0.options.limits.nice !== null
    && !(Array.isArray(unique_0.options.limits.nice)))
    && ((("soft" in unique_0.options.limits.nice
    && "hard" in unique_0.options.limits.nice)
    && Object.getOwnPropertyNames(unique_0.options.limits.nice).length === 2)
    && (((Number.isInteger(unique_0.options.limits.nice.soft)
    && (!((Number.isFinite(unique_0.options.limits.nice.soft) || typeof unique_0.options.limits.nice.soft === "bigint")) || (unique_0.options.limits.nice.soft >= 0
    && unique_0.options.limits.nice.soft <= 9007199254740991))) || (typeof unique_0.options.limits.nice.soft === "string"
    && unique_0.options.limits.nice.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.nice.hard)
    && (!((Number.isFinite(unique_0.options.limits.nice.hard) || typeof unique_0.options.limits.nice.hard === "bigint")) || (unique_0.options.limits.nice.hard >= 0
    && unique_0.options.limits.nice.hard <= 9007199254740991))) || (typeof unique_0.options.limits.nice.hard === "string"
    && unique_0.options.limits.nice.hard === "unlimited")))))))))
    && (unique_0.options.limits.nofile === undefined || (!("nofile" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.nofile)
    && (!((Number.isFinite(unique_0.options.limits.nofile) || typeof unique_0.options.limits.nofile === "bigint")) || (unique_0.options.limits.nofile >= 0
    && unique_0.options.limits.nofile <= 9007199254740991))) || (typeof unique_0.options.limits.nofile === "string"
    && unique_0.options.limits.nofile === "unlimited")) || ((typeof unique_0.options.limits.nofile === "object"
    && unique_0.options.limits.nofile !== null
    && !(Array.isArray(unique_0.options.limits.nofile)))
    && ((("soft" in unique_0.options.limits.nofile
    && "hard" in unique_0.options.limits.nofile)
    && Object.getOwnPropertyNames(unique_0.options.limits.nofile).length === 2)
    && (((Number.isInteger(unique_0.options.limits.nofile.soft)
    && (!((Number.isFinite(unique_0.options.limits.nofile.soft) || typeof unique_0.options.limits.nofile.soft === "bigint")) || (unique_0.options.limits.nofile.soft >= 0
    && unique_0.options.limits.nofile.soft <= 9007199254740991))) || (typeof unique_0.options.limits.nofile.soft === "string"
    && unique_0.options.limits.nofile.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.nofile.hard)
    && (!((Number.isFinite(unique_0.options.limits.nofile.hard) || typeof unique_0.options.limits.nofile.hard === "bigint")) || (unique_0.options.limits.nofile.hard >= 0
    && unique_0.options.limits.nofile.hard <= 9007199254740991))) || (typeof unique_0.options.limits.nofile.hard === "string"
    && unique_0.options.limits.nofile.hard === "unlimited")))))))))
    && (unique_0.options.limits.nproc === undefined || (!("nproc" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.nproc)
    && (!((Number.isFinite(unique_0.options.limits.nproc) || typeof unique_0.options.limits.nproc === "bigint")) || (unique_0.options.limits.nproc >= 0
    && unique_0.options.limits.nproc <= 9007199254740991))) || (typeof unique_0.options.limits.nproc === "string"
    && unique_0.options.limits.nproc === "unlimited")) || ((typeof unique_0.options.limits.nproc === "object"
    && unique_0.options.limits.nproc !== null
    && !(Array.isArray(unique_0.options.limits.nproc)))
    && ((("soft" in unique_0.options.limits.nproc
    && "hard" in unique_0.options.limits.nproc)
    && Object.getOwnPropertyNames(unique_0.options.limits.nproc).length === 2)
    && (((Number.isInteger(unique_0.options.limits.nproc.soft)
    && (!((Number.isFinite(unique_0.options.limits.nproc.soft) || typeof unique_0.options.limits.nproc.soft === "bigint")) || (unique_0.options.limits.nproc.soft >= 0
    && unique_0.options.limits.nproc.soft <= 9007199254740991))) || (typeof unique_0.options.limits.nproc.soft === "string"
    && unique_0.options.limits.nproc.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.nproc.hard)
    && (!((Number.isFinite(unique_0.options.limits.nproc.hard) || typeof unique_0.options.limits.nproc.hard === "bigint")) || (unique_0.options.limits.nproc.hard >= 0
    && unique_0.options.limits.nproc.hard <= 9007199254740991))) || (typeof unique_0.options.limits.nproc.hard === "string"
    && unique_0.options.limits.nproc.hard === "unlimited")))))))))
    && (unique_0.options.limits.rss === undefined || (!("rss" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.rss)
    && (!((Number.isFinite(unique_0.options.limits.rss) || typeof unique_0.options.limits.rss === "bigint")) || (unique_0.options.limits.rss >= 0
    && unique_0.options.limits.rss <= 9007199254740991))) || (typeof unique_0.options.limits.rss === "string"
    && External[73].test(unique_0.options.limits.rss))) || (typeof unique_0.options.limits.rss === "string"
    && unique_0.options.limits.rss === "unlimited")) || ((typeof unique_0.options.limits.rss === "object"
    && unique_0.options.limits.rss !== null
    && !(Array.isArray(unique_0.options.limits.rss)))
    && ((("soft" in unique_0.options.limits.rss
    && "hard" in unique_0.options.limits.rss)
    && Object.getOwnPropertyNames(unique_0.options.limits.rss).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.rss.soft)
    && (!((Number.isFinite(unique_0.options.limits.rss.soft) || typeof unique_0.options.limits.rss.soft === "bigint")) || (unique_0.options.limits.rss.soft >= 0
    && unique_0.options.limits.rss.soft <= 9007199254740991))) || (typeof unique_0.options.limits.rss.soft === "string"
    && External[74].test(unique_0.options.limits.rss.soft))) || (typeof unique_0.options.limits.rss.soft === "string"
    && unique_0.options.limits.rss.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.rss.hard)
    && (!((Number.isFinite(unique_0.options.limits.rss.hard) || typeof unique_0.options.limits.rss.hard === "bigint")) || (unique_0.options.limits.rss.hard >= 0
    && unique_0.options.limits.rss.hard <= 9007199254740991))) || (typeof unique_0.options.limits.rss.hard === "string"
    && External[75].test(unique_0.options.limits.rss.hard))) || (typeof unique_0.options.limits.rss.hard === "string"
    && unique_0.options.limits.rss.hard === "unlimited")))))))))
    && (unique_0.options.limits.rtprio === undefined || (!("rtprio" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.rtprio)
    && (!((Number.isFinite(unique_0.options.limits.rtprio) || typeof unique_0.options.limits.rtprio === "bigint")) || (unique_0.options.limits.rtprio >= 0
    && unique_0.options.limits.rtprio <= 9007199254740991))) || (typeof unique_0.options.limits.rtprio === "string"
    && unique_0.options.limits.rtprio === "unlimited")) || ((typeof unique_0.options.limits.rtprio === "object"
    && unique_0.options.limits.rtprio !== null
    && !(Array.isArray(unique_0.options.limits.rtprio)))
    && ((("soft" in unique_0.options.limits.rtprio
    && "hard" in unique_0.options.limits.rtprio)
    && Object.getOwnPropertyNames(unique_0.options.limits.rtprio).length === 2)
    && (((Number.isInteger(unique_0.options.limits.rtprio.soft)
    && (!((Number.isFinite(unique_0.options.limits.rtprio.soft) || typeof unique_0.options.limits.rtprio.soft === "bigint")) || (unique_0.options.limits.rtprio.soft >= 0
    && unique_0.options.limits.rtprio.soft <= 9007199254740991))) || (typeof unique_0.options.limits.rtprio.soft === "string"
    && unique_0.options.limits.rtprio.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.rtprio.hard)
    && (!((Number.isFinite(unique_0.options.limits.rtprio.hard) || typeof unique_0.options.limits.rtprio.hard === "bigint")) || (unique_0.options.limits.rtprio.hard >= 0
    && unique_0.options.limits.rtprio.hard <= 9007199254740991))) || (typeof unique_0.options.limits.rtprio.hard === "string"
    && unique_0.options.limits.rtprio.hard === "unlimited")))))))))
    && (unique_0.options.limits.rttime === undefined || (!("rttime" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.rttime)
    && (!((Number.isFinite(unique_0.options.limits.rttime) || typeof unique_0.options.limits.rttime === "bigint")) || (unique_0.options.limits.rttime >= 0
    && unique_0.options.limits.rttime <= 9007199254740991))) || (typeof unique_0.options.limits.rttime === "string"
    && unique_0.options.limits.rttime === "unlimited")) || ((typeof unique_0.options.limits.rttime === "object"
    && unique_0.options.limits.rttime !== null
    && !(Array.isArray(unique_0.options.limits.rttime)))
    && ((("soft" in unique_0.options.limits.rttime
    && "hard" in unique_0.options.limits.rttime)
    && Object.getOwnPropertyNames(unique_0.options.limits.rttime).length === 2)
    && (((Number.isInteger(unique_0.options.limits.rttime.soft)
    && (!((Number.isFinite(unique_0.options.limits.rttime.soft) || typeof unique_0.options.limits.rttime.soft === "bigint")) || (unique_0.options.limits.rttime.soft >= 0
    && unique_0.options.limits.rttime.soft <= 9007199254740991))) || (typeof unique_0.options.limits.rttime.soft === "string"
    && unique_0.options.limits.rttime.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.rttime.hard)
    && (!((Number.isFinite(unique_0.options.limits.rttime.hard) || typeof unique_0.options.limits.rttime.hard === "bigint")) || (unique_0.options.limits.rttime.hard >= 0
    && unique_0.options.limits.rttime.hard <= 9007199254740991))) || (typeof unique_0.options.limits.rttime.hard === "string"
    && unique_0.options.limits.rttime.hard === "unlimited")))))))))
    && (unique_0.options.limits.sigpending === undefined || (!("sigpending" in unique_0.options.limits) || (((Number.isInteger(unique_0.options.limits.sigpending)
    && (!((Number.isFinite(unique_0.options.limits.sigpending) || typeof unique_0.options.limits.sigpending === "bigint")) || (unique_0.options.limits.sigpending >= 0
    && unique_0.options.limits.sigpending <= 9007199254740991))) || (typeof unique_0.options.limits.sigpending === "string"
    && unique_0.options.limits.sigpending === "unlimited")) || ((typeof unique_0.options.limits.sigpending === "object"
    && unique_0.options.limits.sigpending !== null
    && !(Array.isArray(unique_0.options.limits.sigpending)))
    && ((("soft" in unique_0.options.limits.sigpending
    && "hard" in unique_0.options.limits.sigpending)
    && Object.getOwnPropertyNames(unique_0.options.limits.sigpending).length === 2)
    && (((Number.isInteger(unique_0.options.limits.sigpending.soft)
    && (!((Number.isFinite(unique_0.options.limits.sigpending.soft) || typeof unique_0.options.limits.sigpending.soft === "bigint")) || (unique_0.options.limits.sigpending.soft >= 0
    && unique_0.options.limits.sigpending.soft <= 9007199254740991))) || (typeof unique_0.options.limits.sigpending.soft === "string"
    && unique_0.options.limits.sigpending.soft === "unlimited"))
    && ((Number.isInteger(unique_0.options.limits.sigpending.hard)
    && (!((Number.isFinite(unique_0.options.limits.sigpending.hard) || typeof unique_0.options.limits.sigpending.hard === "bigint")) || (unique_0.options.limits.sigpending.hard >= 0
    && unique_0.options.limits.sigpending.hard <= 9007199254740991))) || (typeof unique_0.options.limits.sigpending.hard === "string"
    && unique_0.options.limits.sigpending.hard === "unlimited")))))))))
    && (unique_0.options.limits.stack === undefined || (!("stack" in unique_0.options.limits) || ((((Number.isInteger(unique_0.options.limits.stack)
    && (!((Number.isFinite(unique_0.options.limits.stack) || typeof unique_0.options.limits.stack === "bigint")) || (unique_0.options.limits.stack >= 0
    && unique_0.options.limits.stack <= 9007199254740991))) || (typeof unique_0.options.limits.stack === "string"
    && External[76].test(unique_0.options.limits.stack))) || (typeof unique_0.options.limits.stack === "string"
    && unique_0.options.limits.stack === "unlimited")) || ((typeof unique_0.options.limits.stack === "object"
    && unique_0.options.limits.stack !== null
    && !(Array.isArray(unique_0.options.limits.stack)))
    && ((("soft" in unique_0.options.limits.stack
    && "hard" in unique_0.options.limits.stack)
    && Object.getOwnPropertyNames(unique_0.options.limits.stack).length === 2)
    && ((((Number.isInteger(unique_0.options.limits.stack.soft)
    && (!((Number.isFinite(unique_0.options.limits.stack.soft) || typeof unique_0.options.limits.stack.soft === "bigint")) || (unique_0.options.limits.stack.soft >= 0
    && unique_0.options.limits.stack.soft <= 9007199254740991))) || (typeof unique_0.options.limits.stack.soft === "string"
    && External[77].test(unique_0.options.limits.stack.soft))) || (typeof unique_0.options.limits.stack.soft === "string"
    && unique_0.options.limits.stack.soft === "unlimited"))
    && (((Number.isInteger(unique_0.options.limits.stack.hard)
    && (!((Number.isFinite(unique_0.options.limits.stack.hard) || typeof unique_0.options.limits.stack.hard === "bigint")) || (unique_0.options.limits.stack.hard >= 0
    && unique_0.options.limits.stack.hard <= 9007199254740991))) || (typeof unique_0.options.limits.stack.hard === "string"
    && External[78].test(unique_0.options.limits.stack.hard))) || (typeof unique_0.options.limits.stack.hard === "string"
    && unique_0.options.limits.stack.hard === "unlimited"))))))))))))))
    && (unique_0.options.listen === undefined || (!("listen" in unique_0.options) || (((Number.isInteger(unique_0.options.listen)
    && (!((Number.isFinite(unique_0.options.listen) || typeof unique_0.options.listen === "bigint")) || (unique_0.options.listen >= 1
    && unique_0.options.listen <= 65535))) || (typeof unique_0.options.listen === "string"
    && External[79].test(unique_0.options.listen))) || (Array.isArray(unique_0.options.listen)
    && unique_0.options.listen.every((unique_33, index) => (((Number.isInteger(unique_33)
    && (!((Number.isFinite(unique_33) || typeof unique_33 === "bigint")) || (unique_33 >= 1
    && unique_33 <= 65535))) || (typeof unique_33 === "string"
    && External[80].test(unique_33))))))))))))))))))
    && ((typeof value.options === "object"
    && value.options !== null
    && !(Array.isArray(value.options)))
    && (Object.getOwnPropertyNames(value.options).every((unique_34, unique_35) => ((External[81].test(unique_34) || false)))
    && (((((value.options.http === undefined || (!("http" in value.options) || (((typeof value.options.http === "boolean"
    && value.options.http === false) || (typeof value.options.http === "string"
    && External[82].test(value.options.http))) || ((typeof value.options.http === "object"
    && value.options.http !== null
    && !(Array.isArray(value.options.http)))
    && (Object.getOwnPropertyNames(value.options.http).every((unique_36, unique_37) => ((External[83].test(unique_36) || false)))
    && ((value.options.http.address === undefined || (!("address" in value.options.http) || (typeof value.options.http.address === "string"
    && External[84].test(value.options.http.address))))
    && (value.options.http.hosts === undefined || (!("hosts" in value.options.http) || (Array.isArray(value.options.http.hosts)
    && value.options.http.hosts.every((unique_38, index) => ((typeof unique_38 === "string"
    && External[85].test(unique_38)))))))))))))
    && (value.options.maxCount === undefined || (!("maxCount" in value.options) || (Number.isInteger(value.options.maxCount)
    && (!((Number.isFinite(value.options.maxCount) || typeof value.options.maxCount === "bigint")) || (value.options.maxCount >= 1
    && value.options.maxCount <= 100000))))))
    && (value.options.processEvents === undefined || (!("processEvents" in value.options) || typeof value.options.processEvents === "boolean")))
    && (value.options.on === undefined || (!("on" in value.options) || !(true))))
    && (value.options.exitWhen === undefined || (!("exitWhen" in value.options) || ((typeof value.options.exitWhen === "string"
    && value.options.exitWhen === "any") || (typeof value.options.exitWhen === "string"
    && value.options.exitWhen === "all"))))))))));
