// SPDX-License-Identifier: Apache-2.0
#include "viewer/gateway/commands.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>

#include "hub/index/reader.h"
#include "viewer/gateway/accounts/password.h"
#include "viewer/gateway/accounts/store.h"
#include "viewer/gateway/app.h"

namespace sitecast::gateway {
namespace {

int report(const Status& status) {
  if (status.ok()) return 0;
  std::cerr << "sitecast-gateway: " << status.error().message() << '\n';
  return 1;
}

// A wrong folder would answer every request with 503 and look like a busy archive.
Status check_hub_state(const Config& config) {
  std::error_code failed;
  if (!std::filesystem::is_directory(config.hub_state_dir, failed)) {
    return failed_precondition(
        "hub_state_dir: " + config.hub_state_dir.string() +
        " is no folder this program can read; it must be the hub's state_dir");
  }
  if (const auto reader = hub::IndexReader::open(config.hub_state_dir); !reader.ok()) {
    Log("gateway").warn("hub_state_dir: {} has nothing to read yet: {}",
                        config.hub_state_dir.string(), reader.error().message());
  }
  return Ok{};
}

Status serve(const Config& config) {
  set_log_level(config.log_level);
  SC_TRY(check_hub_state(config));
  SC_TRY_ASSIGN(const auto app, App::open(config, [state_dir = config.hub_state_dir] {
                  return hub::IndexReader::open(state_dir);
                }));
  app->run([] { std::cout << "ready" << std::endl; });
  return Ok{};
}

Result<std::string> password_from_stdin() {
  std::string password;
  if (!std::getline(std::cin, password)) {
    return invalid_argument("give the password on standard input, as one line");
  }
  return password;
}

struct AccountOptions {
  Account account;
  std::string role;
};

Status add_account(AccountStore& store, AccountOptions options) {
  const auto role = parse_role(options.role);
  if (!role) return invalid_argument("--role is centre, agent or owner");
  options.account.role = *role;
  SC_TRY_ASSIGN(const auto password, password_from_stdin());
  SC_TRY_ASSIGN(const auto hash, hash_password(password));
  return store.add_account(options.account, hash);
}

Status change_password(AccountStore& store, const std::string& user) {
  SC_TRY_ASSIGN(const auto password, password_from_stdin());
  SC_TRY_ASSIGN(const auto hash, hash_password(password));
  return store.set_password(user, hash);
}

Status list_accounts(AccountStore& store) {
  SC_TRY_ASSIGN(const auto accounts, store.accounts());
  for (const auto& account : accounts) {
    fmt::print("{}\t{}\t{}\t{}\n", account.user, name_of(account.role), account.locale,
               account.display_name);
  }
  return Ok{};
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App cli{"Sitecast gateway: the door for people and browsers"};
  std::string config_file;
  cli.add_option("--config", config_file, "gateway.toml")->required();
  auto* run = cli.add_subcommand("run", "serve until SIGTERM; prints `ready` when it does");
  auto* account = cli.add_subcommand("account", "who may sign in");
  account->require_subcommand(1);
  AccountOptions options;
  options.account.locale = "zh-CN";
  auto* add = account->add_subcommand("add", "add an account; password on standard input");
  add->add_option("--user", options.account.user, "name to sign in with")->required();
  add->add_option("--display-name", options.account.display_name, "as others read it")->required();
  add->add_option("--role", options.role, "centre | agent | owner")->required();
  add->add_option("--locale", options.account.locale, "zh-CN | en");
  auto* remove = account->add_subcommand("remove", "remove an account and end its sessions");
  remove->add_option("user", options.account.user)->required();
  auto* passwd = account->add_subcommand("passwd", "set a new password and end all sessions");
  passwd->add_option("user", options.account.user)->required();
  auto* list = account->add_subcommand("list", "all accounts: user, role, locale, name");
  cli.require_subcommand(1);
  CLI11_PARSE(cli, argc, argv);

  const auto config = load_config(config_file);
  if (!config.ok()) return report(config.error());
  if (*run) return report(serve(*config));
  const SystemClock clock;
  const auto store = AccountStore::open(config->state_dir, clock);
  if (!store.ok()) return report(store.error());
  if (*add) return report(add_account(**store, options));
  if (*remove) return report((*store)->remove_account(options.account.user));
  if (*passwd) return report(change_password(**store, options.account.user));
  if (*list) return report(list_accounts(**store));
  return 0;
}

}  // namespace sitecast::gateway
