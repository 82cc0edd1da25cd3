-- Asks Exeunt's gate whether a call may pass, and tells the application who is calling: http-request lua.exeunt GATE.
-- A gate whose address ends in /form reads the form of the call; HAProxy must wait for it first. See haproxy.md.

local told = { "exeunt-client", "exeunt-session", "exeunt-user", "exeunt-username" }
-- Only these headers of the call are sent along, with all their lines.
local brought = {
    "authorization", "cookie", "origin", "access-control-request-method", "content-type", "content-encoding", "user-agent",
}
-- These headers of a refusal are sent to the client.
local answered = {
    "content-type", "www-authenticate", "retry-after", "vary", "deprecation", "sunset", "link", "allow",
    "access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-methods",
    "access-control-allow-headers", "access-control-expose-headers", "access-control-max-age",
}

-- HAProxy counts the lines of a header from 0.
local function lines(headers, name)
    local found = {}
    local line = headers and headers[name]
    local number = 0
    while line and line[number] do
        found[#found + 1] = line[number]
        number = number + 1
    end
    return found
end

local function ask(txn, url, body)
    local headers = {
        ["x-forwarded-for"] = { txn.f:src() },
        ["x-original-method"] = { txn.f:method() },
        ["x-original-uri"] = { txn.f:pathq() },
    }
    local call = txn.http:req_get_headers()
    for _, name in ipairs(brought) do
        local all = lines(call, name)
        if #all > 0 then headers[name] = all end
    end
    return core.httpclient():get({ url = url, headers = headers, body = body, timeout = 5000 })
end

local function refuse(txn, status, answer)
    local reply = txn:reply({ status = status })
    for _, name in ipairs(answered) do
        for _, value in ipairs(lines(answer and answer.headers, name)) do reply:add_header(name, value) end
    end
    reply:set_body(answer and answer.body or "")
    txn:done(reply)
end

core.register_action("exeunt", { "http-req" }, function(txn, gate)
    local body
    if gate:find("/form$") then
        body = txn.f:req_body() or ""
        local length = lines(txn.http:req_get_headers(), "content-length")
        -- What did not fit into the buffer is missing.
        if #body ~= tonumber(length[1] or "0") then return refuse(txn, 413) end
        if #body == 0 then body = nil end
    end
    local answer = ask(txn, gate, body)
    if answer and answer.status == 200 then
        for _, name in ipairs(told) do
            local value = lines(answer.headers, name)[1]
            if value then txn.http:req_set_header(name, value) end
        end
        txn:set_var("txn.exeunt_passed", true)
        local origin = lines(answer.headers, "access-control-allow-origin")[1]
        if origin then txn:set_var("txn.exeunt_allow_origin", origin) end
        return
    end
    if answer and (answer.status == 401 or answer.status == 403) then answer = ask(txn, gate .. "/refusal", body) end
    local known = answer and answer.status and answer.status >= 200
    refuse(txn, known and answer.status or 503, known and answer or nil)
end, 1)
