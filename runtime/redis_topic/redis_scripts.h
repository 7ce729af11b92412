// What Redis itself runs, so that it happens at once or not at all.
//
// A feed is a stream, "runnel:feed:{NAME}". An entry's id is the message's id, "<epoch>-<number>":
// the epoch is the millisecond in which this life of the feed began, and numbers go from 1 without
// gaps. Entry 0 of an epoch is no message, it says that the epoch has begun. Fields of messages are
// `m`, in protobuf's binary form, and `p`, which publisher's which message it is.

#ifndef RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_SCRIPTS_H_
#define RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_SCRIPTS_H_

namespace runnel {

// Appends messages of one publisher. What comes twice is appended once: Redis remembers which was
// the publisher's last.
//   KEYS: the stream; the publisher's own.
//   ARGV: the number of the first of these among the publisher's messages; how many messages the
//         stream is to keep; for how many seconds to remember the publisher; the publisher's name;
//         the messages.
//   Returns epoch and number of the last of these messages in the stream, and its number among the
//   publisher's.
inline constexpr char kPublishScript[] = R"(
local function text(number) return string.format('%.0f', number) end
local first = tonumber(ARGV[1])
local known = redis.call('GET', KEYS[2])
if known then
  local last, epoch, number = string.match(known, '^(%d+) (%d+)-(%d+)$')
  if tonumber(last) >= first then return {epoch, number, last} end
end
local epoch, number
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then epoch, number = string.match(info[i + 1], '^(%d+)-(%d+)$') end
  end
  number = tonumber(number)
else
  local now = redis.call('TIME')
  epoch = text(now[1] * 1000 + math.floor(now[2] / 1000))
  number = 0
  redis.call('XADD', KEYS[1], epoch .. '-0', 'epoch', epoch)
end
for i = 5, #ARGV do
  number = number + 1
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], epoch .. '-' .. text(number),
             'm', ARGV[i], 'p', ARGV[4] .. ':' .. text(first + i - 5))
end
local last = text(first + #ARGV - 5)
redis.call('SET', KEYS[2], last .. ' ' .. epoch .. '-' .. text(number), 'EX', ARGV[3])
return {epoch, text(number), last}
)";

// What a reader asks before it reads on. When the stream is not the one that the reader knows, or
// has lost what the reader has, a new epoch begins.
//   KEYS: the stream.
//   ARGV: the epoch, the last number and that message's `p` that the reader knows; or three times
//   "". Returns epoch and number of the newest message, and the number of the oldest one of that
//   epoch.
inline constexpr char kOpenScript[] = R"(
local function text(number) return string.format('%.0f', number) end
local epoch, number
if redis.call('EXISTS', KEYS[1]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[1])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then epoch, number = string.match(info[i + 1], '^(%d+)-(%d+)$') end
  end
end
local new = not epoch
if epoch and ARGV[1] ~= '' then
  if tonumber(epoch) < tonumber(ARGV[1]) then new = true end
  if epoch == ARGV[1] then
    if tonumber(number) < tonumber(ARGV[2]) then new = true end
    local id = ARGV[1] .. '-' .. ARGV[2]
    local entry = redis.call('XRANGE', KEYS[1], id, id)[1]
    if entry and ARGV[3] ~= '' then
      for i = 1, #entry[2], 2 do
        if entry[2][i] == 'p' and entry[2][i + 1] ~= ARGV[3] then new = true end
      end
    end
  end
end
if new then
  local now = redis.call('TIME')
  local begins = now[1] * 1000 + math.floor(now[2] / 1000)
  if epoch then begins = math.max(begins, tonumber(epoch) + 1) end
  if ARGV[1] ~= '' then begins = math.max(begins, tonumber(ARGV[1]) + 1) end
  epoch, number = text(begins), '0'
  redis.call('XADD', KEYS[1], epoch .. '-0', 'epoch', epoch)
end
local oldest = redis.call('XRANGE', KEYS[1], epoch .. '-1', '+', 'COUNT', 1)[1]
local first = oldest and string.match(oldest[1], '-(%d+)$') or text(tonumber(number) + 1)
return {epoch, number, first}
)";

}  // namespace runnel

#endif  // RUNNEL_RUNTIME_REDIS_TOPIC_REDIS_SCRIPTS_H_
