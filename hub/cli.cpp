// SPDX-License-Identifier: Apache-2.0
#include "hub/cli.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hub/administer.h"
#include "hub/app.h"
#include "hub/broker/broker_files.h"
#include "hub/check/commands.h"
#include "hub/config.h"
#include "hub/device_files.h"
#include "hub/enrol/enrolment_db.h"
#include "hub/listing.h"
#include "hub/plan/plan_command.h"
#include "proto/base/file.h"

namespace sitecast::hub {
namespace {

using nlohmann::json;

constexpr unsigned kPrivate = 0600;

// What a command does with the configuration; its exit code.
using Action = std::function<int(const HubConfig&)>;

int fail(const Error& error) {
  std::cerr << "sitecast-hub: " << error.message() << "\n";
  return 1;
}

int finish(const Status& status) { return status.ok() ? 0 : fail(status.error()); }

// Prints the members of the result that `keys` names.
int print_result(const Result<json>& result, std::initializer_list<const char*> keys) {
  if (!result.ok()) return fail(result.error());
  if (result->contains("warning")) {
    std::cerr << "sitecast-hub: " << (*result)["warning"].get<std::string>() << "\n";
  }
  json shown = json::object();
  for (const char* key : keys) shown[key] = (*result)[key];
  std::cout << shown.dump() << "\n";
  return 0;
}

int print_list(const Result<json>& list) {
  if (!list.ok()) return fail(list.error());
  std::cout << list->dump() << "\n";
  return 0;
}

struct ProjectOptions {
  std::string name, name_en, place, time_zone = "Asia/Shanghai";
  std::vector<std::string> areas, stages;
};

void add_project_commands(CLI::App& app, Action& action) {
  auto* project = app.add_subcommand("project", "Projects")->require_subcommand(1);
  auto* add = project->add_subcommand("add", "Add a project; prints its id");
  auto options = std::make_shared<ProjectOptions>();
  add->add_option("--name", options->name, "Name")->required();
  add->add_option("--name-en", options->name_en, "English name");
  add->add_option("--place", options->place, "Where it is");
  add->add_option("--time-zone", options->time_zone, "IANA name")->capture_default_str();
  add->add_option("--area", options->areas, "An area; may be repeated");
  add->add_option("--stage", options->stages, "A stage; may be repeated");
  add->callback([&action, options] {
    action = [options](const HubConfig& config) {
      return print_result(administer(config, {{"command", "project add"},
                                              {"name", options->name},
                                              {"name_en", options->name_en},
                                              {"place", options->place},
                                              {"time_zone", options->time_zone},
                                              {"areas", options->areas},
                                              {"stages", options->stages}}),
                          {"project_id"});
    };
  });
  project->add_subcommand("list", "All projects")->callback([&action] {
    action = [](const HubConfig& config) {
      return print_list(list_projects(Layout(config.state_dir)));
    };
  });
}

void add_member_commands(CLI::App& app, Action& action) {
  auto* member = app.add_subcommand("member", "Who takes part in a project")->require_subcommand(1);
  auto* add = member->add_subcommand("add", "Add a person to a project");
  auto request = std::make_shared<std::map<std::string, std::string>>();
  add->add_option("--project", (*request)["project"], "Project id")->required();
  add->add_option("--user", (*request)["user"], "User name at the gateway")->required();
  add->add_option("--role", (*request)["role"], "What they may do there")
      ->required()
      ->check(CLI::IsMember({"centre", "agent", "owner"}));
  add->callback([&action, request] {
    action = [request](const HubConfig& config) {
      json asked(*request);
      asked["command"] = "member add";
      return print_result(administer(config, asked), {"project_id", "user"});
    };
  });

  auto* remove = member->add_subcommand("remove", "End a person's part in a project");
  auto ended = std::make_shared<std::map<std::string, std::string>>();
  remove->add_option("--project", (*ended)["project"], "Project id")->required();
  remove->add_option("--user", (*ended)["user"], "User name at the gateway")->required();
  remove->callback([&action, ended] {
    action = [ended](const HubConfig& config) {
      json asked(*ended);
      asked["command"] = "member remove";
      return print_result(administer(config, asked), {"project_id", "user"});
    };
  });

  auto* list = member->add_subcommand("list", "Who takes part in a project, and as what");
  auto of = std::make_shared<std::string>();
  list->add_option("--project", *of, "Project id")->required();
  list->callback([&action, of] {
    action = [of](const HubConfig& config) {
      return print_list(list_members(Layout(config.state_dir), *of));
    };
  });
}

void add_device_commands(CLI::App& app, Action& action) {
  auto* device = app.add_subcommand("device", "Devices")->require_subcommand(1);
  auto* enrol = device->add_subcommand(
      "enrol", "Enrol a device; writes its configuration and password, prints its id");
  auto options = std::make_shared<DeviceFileOptions>();
  auto key = std::make_shared<std::string>();
  enrol->add_option("--name", options->name, "As people call it")->required();
  enrol->add_option("--project", options->project, "Project id")->required();
  enrol->add_option("--public-key", *key, "What `sitecast-agent keygen` prints")->required();
  enrol
      ->add_option("--out", options->folder,
                   "Folder for agent.toml and broker.password, which must not be there yet")
      ->required();
  enrol->add_option("--broker-url", options->broker_url, "Address of the broker for the device");
  enrol->add_option("--ca-file", options->ca_file, "Certificate authority of the broker");
  enrol->callback([&action, options, key] {
    action = [options, key](const HubConfig& config) {
      if (const Status ready = prepare_device_folder(*options); !ready.ok()) {
        return fail(ready.error());
      }
      const auto enrolled = administer(config, {{"command", "device enrol"},
                                                {"name", options->name},
                                                {"project", options->project},
                                                {"public_key", *key}});
      if (!enrolled.ok()) return fail(enrolled.error());
      const auto id = (*enrolled)["device_id"].get<std::string>();
      const Status written = write_device_files(*options, config.broker, id,
                                                (*enrolled)["password"].get<std::string>());
      if (!written.ok()) {
        return fail(written.error().within(
            fmt::format("device {} is enrolled, but its files could not be written; run "
                        "`sitecast-hub device remove {}` and enrol it again",
                        id, id)));
      }
      return print_result(enrolled, {"device_id"});
    };
  });

  auto* remove = device->add_subcommand("remove", "End a device's rights at once");
  auto id = std::make_shared<std::string>();
  remove->add_option("device", *id, "Device id")->required();
  remove->callback([&action, id] {
    action = [id](const HubConfig& config) {
      return print_result(administer(config, {{"command", "device remove"}, {"device", *id}}),
                          {"device_id"});
    };
  });

  device->add_subcommand("list", "The enrolled devices")->callback([&action] {
    action = [](const HubConfig& config) {
      return print_list(list_devices(Layout(config.state_dir)));
    };
  });
}

struct BrokerFileOptions {
  std::filesystem::path out;
  ListenerOptions listeners;
  std::filesystem::path tls_certificate;
  std::filesystem::path tls_key;
  bool new_passwords = false;
};

constexpr std::uint64_t kTlsFileBytes = 1024 * 1024;

// The broker gives up root before it reads them, so they go where it may read.
Status copy_tls_files(const BrokerFileOptions& options) {
  if (options.listeners.tls_port == 0) return Ok{};
  SC_TRY_ASSIGN(const Bytes certificate, read_file(options.tls_certificate, kTlsFileBytes));
  SC_TRY_ASSIGN(const Bytes key, read_file(options.tls_key, kTlsFileBytes));
  SC_TRY(write_file_durably(options.out / kTlsCertificateName, certificate));
  return write_file_durably(options.out / kTlsKeyName, key, kPrivate);
}

Status write_broker_files(const HubConfig& config, const BrokerFileOptions& options, json& shown) {
  SC_TRY_ASSIGN(const std::string conf, mosquitto_conf(options.listeners));
  SC_TRY_ASSIGN(const json made, administer(config, {{"command", "broker-files"},
                                                     {"new_passwords", options.new_passwords}}));
  SC_TRY(make_folders_durably(options.out));
  SC_TRY(copy_tls_files(options));
  SC_TRY(write_file_durably(options.out / "mosquitto.conf", as_bytes(conf)));
  SC_TRY(write_file_durably(options.out / "dynamic-security.json",
                            as_bytes(made["rights"].get<std::string>()), kPrivate));
  for (const auto& [user, password] : made["passwords"].items()) {
    SC_TRY(write_file_durably(options.out / (user + ".password"),
                              as_bytes(password.get<std::string>() + "\n"), kPrivate));
  }
  shown = {{"gateway_device_id", made["gateway_device_id"]}};
  return Ok{};
}

void add_broker_command(CLI::App& app, Action& action) {
  auto* files = app.add_subcommand(
      "broker-files",
      "Write mosquitto.conf and its rights file anew from the enrolment records; "
      "passwords of hub and gateway the first time");
  auto options = std::make_shared<BrokerFileOptions>();
  files->add_option("--out", options->out, "Folder; start mosquitto inside it")->required();
  files->add_option("--port", options->listeners.port, "Plain listener on 127.0.0.1")->required();
  auto* port = files->add_option("--tls-port", options->listeners.tls_port, "Listener with TLS");
  auto* certificate =
      files->add_option("--tls-certificate", options->tls_certificate, "Its certificate");
  auto* key = files->add_option("--tls-key", options->tls_key, "Its key");
  port->needs(certificate)->needs(key);
  certificate->needs(port);
  key->needs(port);
  files->add_flag("--new-passwords", options->new_passwords,
                  "Replace the passwords of hub and gateway");
  files->callback([&action, options] {
    action = [options](const HubConfig& config) {
      json shown;
      const Status written = write_broker_files(config, *options, shown);
      if (written.ok()) std::cout << shown.dump() << "\n";
      return finish(written);
    };
  });
}

CommandIo io() { return {std::cout, std::cerr, ::isatty(STDERR_FILENO) != 0}; }

void add_file_commands(CLI::App& app, Action& action) {
  auto* check = app.add_subcommand("check", "Compare index, event logs and files with each other");
  auto read_data = std::make_shared<bool>(false);
  check->add_flag("--read-data", *read_data, "Also read and hash every byte");
  check->callback([&action, read_data] {
    action = [read_data](const HubConfig& config) {
      return check_command(Layout(config.state_dir), *read_data, io());
    };
  });

  app.add_subcommand("rebuild-index", "Make the index anew from the archive's files alone")
      ->callback([&action] {
        action = [](const HubConfig& config) {
          return rebuild_index_command(Layout(config.state_dir), io());
        };
      });

  auto* exported = app.add_subcommand("export", "Write one capture as playable files with proof");
  auto capture = std::make_shared<std::string>();
  auto out = std::make_shared<std::filesystem::path>();
  exported->add_option("capture", *capture, "Capture id")->required();
  exported->add_option("--out", *out, "New or empty folder")->required();
  exported->callback([&action, capture, out] {
    action = [capture, out](const HubConfig& config) {
      return export_command(Layout(config.state_dir), *capture, *out, io());
    };
  });
}

// Needs no configuration: an export is checked where there is no hub.
void add_verify_command(CLI::App& app, std::filesystem::path& verify_dir) {
  app.add_subcommand("verify", "Check an export with nothing but the export")
      ->add_option("dir", verify_dir, "The folder that `export` wrote")
      ->required();
}

struct PlanCommand {
  PlanPreviewOptions options;
  std::filesystem::path older;  // of compare
};

void add_plan_options(CLI::App& command, PlanPreviewOptions& options) {
  command.add_flag("--json", options.json, "One JSON document");
  command
      .add_option_function<std::string>(
          "--language",
          [&options](const std::string& name) {
            options.language = name == "en" ? PlanLanguage::kEnglish : PlanLanguage::kChinese;
          },
          "zh-CN (default) or en")
      ->check(CLI::IsMember({"zh-CN", "en"}));
  command.add_option("--sheet", options.read.sheet, "Which sheet of a workbook");
  command.add_option("--year", options.read.year, "Year of dates that are written without one")
      ->check(CLI::Range(1950, 2149));
  command.add_option("--date-order", options.read.date_order, "Order of short dates")
      ->check(CLI::IsMember({"ymd", "dmy", "mdy"}));
}

// Need no configuration either, and store nothing.
void add_plan_commands(CLI::App& app, PlanCommand& asked) {
  auto* plan = app.add_subcommand("plan", "Schedule sheets (CSV, XLSX, MS Project XML, P6 XER)")
                   ->require_subcommand(1);
  auto* preview = plan->add_subcommand("preview", "Show how a schedule sheet is understood");
  preview->add_option("file", asked.options.file, "The sheet")->required();
  add_plan_options(*preview, asked.options);
  auto* compare = plan->add_subcommand("compare", "Show what a newer sheet changes");
  compare->add_option("older", asked.older, "The older sheet")->required();
  compare->add_option("newer", asked.options.file, "The newer sheet")->required();
  add_plan_options(*compare, asked.options);
}

int run_plan_command(const PlanCommand& asked) {
  return asked.older.empty()
             ? plan_preview_command(asked.options, std::cout, std::cerr)
             : plan_compare_command(asked.options, asked.older, std::cout, std::cerr);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("Sitecast hub: the only writer of the archive", "sitecast-hub");
  std::filesystem::path config_file;
  app.add_option("--config", config_file, "hub.toml");
  app.require_subcommand(1);
  Action action;
  app.add_subcommand("run", "Archive and receipt what arrives, until SIGTERM")->callback([&action] {
    action = [](const HubConfig& config) { return finish(run_hub(config)); };
  });
  add_project_commands(app, action);
  add_member_commands(app, action);
  add_device_commands(app, action);
  add_broker_command(app, action);
  add_file_commands(app, action);
  std::filesystem::path verify_dir;
  add_verify_command(app, verify_dir);
  PlanCommand plan;
  add_plan_commands(app, plan);
  CLI11_PARSE(app, argc, argv);
  if (!verify_dir.empty()) return verify_command(verify_dir, io());
  if (!plan.options.file.empty()) return run_plan_command(plan);
  if (config_file.empty()) return fail(invalid_argument("this command needs --config hub.toml"));
  const auto config = load_config(config_file);
  if (!config.ok()) return fail(config.error());
  ::umask(0027);  // the archive is for the hub and its group
  return action(*config);
}

}  // namespace sitecast::hub
