// Everything that may cross between a logic thread and the rest of its process, as plain encodable values. Nothing
// else does. What is one role's inside (a frame to a socket, a batch for a database file) crosses as these, too, so the
// production threads and the simulator hand over the very same things.
#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/proto/topic_key.h"

namespace dure {

// ── into the logic thread ───────────────────────────────────────────────────────────────────────────────────
// Control events are bounded by what they speak of and never refused. Only ClientFrameIn counts against the mailbox.
struct ClientOpened {
  ClientId client;
  std::string address;
};
struct ClientFrameIn {
  ClientId client;
  std::uint16_t message_id = 0;
  std::uint32_t seq = 0;
  std::string body;
  MonoTime arrived{};  // in the mailbox; zero: nobody measured it
};
struct ClientClosed {
  ClientId client;
  std::string reason;
};
struct BusUp {
  NodeId peer;
};  // our connection to it stands (says nothing of the peer's logic)
struct BusDown {
  NodeId peer;
};
struct BusMessage {
  Bytes message;
  MonoTime arrived{};
};  // header and body (mesh_header.h)
struct WorkDone {
  std::uint64_t work_id = 0;
  Bytes reply;
};
struct PeerFound {
  NodeId peer;
  std::string name;
  std::string address;
};  // from config or the registry
struct GmCommandIn {
  Bytes command;
  std::string reply_channel;
};  // verified, an encoded GmCommand
struct StopRequested {
  bool at_once = false;
};
// The answer to SessionTake: all that the IO thread held of the session. `sent` counts every reliable frame so far,
// the ring holds the last ones of them. Not found: nothing is known of it there.
struct SessionTaken {
  SessionId session;
  bool found = false;
  std::uint64_t sent = 0;
  std::vector<Bytes> ring;
  std::vector<TopicKey> incomplete;      // of class latest something was left out that nobody was asked for yet
  std::vector<MonoTime> limits_full_at;  // what its last socket had used of its rates; empty: nobody knows
};
// Frames of this topic were left out for this session at a limit, and there is room again: time to ask its publisher
// for the state.
struct TopicGapped {
  ClientId client;
  SessionId session;
  TopicKey topic;
};
// What an IO thread counts, by name, once a second: since its start, or as it is now. Names that end in "_max" are
// greatest values, all others are summed over the threads.
struct ClientFigures {
  std::uint32_t io_thread = 0;
  std::vector<std::pair<std::string, std::uint64_t>> values;
};

using Inbound = std::variant<ClientOpened, ClientFrameIn, ClientClosed, BusUp, BusDown, BusMessage, WorkDone, PeerFound,
                             GmCommandIn, StopRequested, SessionTaken, TopicGapped, ClientFigures>;

// ── out of the logic thread ─────────────────────────────────────────────────────────────────────────────────
struct BusConnect {
  NodeId peer;
  std::string address;
};
struct BusDisconnect {
  NodeId peer;
};
struct BusSend {
  NodeId peer;
  Bytes message;
};

// To the IO thread that owns the client (or every IO thread, where `client` is none). See gateway/client_port.h.
struct SessionBind {
  ClientId client;
  SessionId session;
  bool fresh = true;
};  // the client speaks for this session
// A session moves to another socket in three steps, all mediated by the logic thread: SessionTake to the old socket's
// IO thread (answered by SessionTaken), SessionBind with fresh = false to the new one (frames wait there),
// SessionResumed with the ring (what the client has not received is sent, then what waited).
struct SessionTake {
  ClientId client;
  SessionId session;
};
struct SessionResumed {
  ClientId client;
  SessionId session;
  std::uint64_t reliable_received = 0;
  std::uint64_t sent = 0;
  std::vector<Bytes> ring;
  std::vector<TopicKey> incomplete;
  std::vector<MonoTime> limits_full_at;
};
struct SessionEnded {
  ClientId client;
  SessionId session;
};
struct FrameOut {
  ClientId client;
  SessionId session;
  Bytes frame;
  bool latest = false;
};
struct TopicJoin {
  ClientId client;
  SessionId session;
  TopicKey topic;
};
struct TopicLeave {
  ClientId client;
  SessionId session;
  TopicKey topic;
};
struct TopicFrame {
  TopicKey topic;
  Bytes frame;
  bool latest = false;
};
struct FrameCredit {
  ClientId client;
  std::uint32_t frames = 0;
};  // so many were taken by the turn
struct ClientClose {
  ClientId client;
  Bytes last_frame;
};
struct ClientAccepted {
  ClientId client;
};  // logged in: the wider limits hold

// Work for a worker thread. `queue` names the worker: requests of one queue run one at a time, in order.
struct Work {
  std::string queue;
  std::uint64_t work_id = 0;
  Bytes request;
};
struct MonitorValues {
  std::string node;
  std::vector<std::pair<std::string, std::string>> fields;
};
struct GmAnswerOut {
  std::string reply_channel;
  Bytes answer;
};                  // an encoded GmAnswer
struct Stopped {};  // drained: the process may end

using Outbound = std::variant<BusConnect, BusDisconnect, BusSend, SessionBind, SessionTake, SessionResumed,
                              SessionEnded, FrameOut, TopicJoin, TopicLeave, TopicFrame, FrameCredit, ClientClose,
                              ClientAccepted, Work, MonitorValues, GmAnswerOut, Stopped>;

}  // namespace dure
